"""Production's topology as processes of this machine: ``python -m stack`` (``make stack``).

__main__     starts everything, prints how to get in, starts again what dies, stops everything
topology     which processes there are, in which order, and what they are told
nginx        the proxy: deploy/nginx/clod.conf.template with this machine's addresses in it
mail         a mail server that keeps what it is given as files
purse        money for a customer, and a model that costs                              (its own process)
witness      what a drill must find again                                             (its own process)
prepare      migrations, static files, catalog, prices and the demo account           (its own process)
acceptance   ``make acceptance``: tests/acceptance against a stack that runs, or one of its own
restore      ``make restore-drill``: backup under load, everything destroyed, restored, proved
rotate       ``make rotate-drill``: the three secrets, replaced while clients call
upgrade      ``make upgrade-trial``: an older version and this one on one database

PostgreSQL and Valkey come from their wheels, nginx from this machine. Everything listens on loopback.
"""
