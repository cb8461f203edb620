"""HTML of rounds: on the phone (`phone`), the day and what is missing (`today`), what is planned (`plans`, `points`)."""
