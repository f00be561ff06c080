"""The operator's command line (`arb`) and, later, the web control room."""
