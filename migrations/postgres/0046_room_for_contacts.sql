-- Whatever comes of a command is noted on its phone, and touches none of the columns that indexes are
-- made of. Where the page of a row has room for the row's next form, no index is told of it; where it
-- has none, all nine are. What a phone came to makes its row longer, so that less than half is filled.
ALTER TABLE phones SET (fillfactor = 40);
-- The rows that are there get that room now.
CLUSTER phones USING phones_pkey;
