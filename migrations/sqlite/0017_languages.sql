-- In which language an account reads its pages; NULL = the one that the browser asks for. No list
-- of languages here: a language that the program does not know is as if none were chosen.
ALTER TABLE users ADD COLUMN language TEXT;
