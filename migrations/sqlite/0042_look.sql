-- How the pages of an account look; NULL = as the system of whoever reads has it. A word that the
-- program does not know is as if none were chosen.
ALTER TABLE users ADD COLUMN theme TEXT;
ALTER TABLE users ADD COLUMN density TEXT;
