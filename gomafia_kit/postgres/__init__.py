"""PostgreSQL: which server, the embedded one, the tables there, the push, and reading back."""
