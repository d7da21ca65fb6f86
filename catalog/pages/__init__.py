"""What people see of the catalog: the table of models, a model, a comparison, price charts and tables, the landing page's chart."""
