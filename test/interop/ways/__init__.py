"""Cases of tables, each read through every way out of the product."""
