"""Whether a project's prompts and answers are stored, and to whom they are sealed."""
