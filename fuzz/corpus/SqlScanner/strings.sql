SELECT 'it''s', E'a\'b\n', U&'\0041' UESCAPE '!', B'01', X'ff', N'x', 'a'
 'b'