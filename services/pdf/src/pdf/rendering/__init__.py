"""From a plan to a PDF, in a process of its own. Nothing here knows of the web or the database."""
