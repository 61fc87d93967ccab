//! The only way to the database: SQLite or Postgres behind one Store.
