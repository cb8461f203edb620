"""Pages of residents and, for the staff, of their codes and messages."""
