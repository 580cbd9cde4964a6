namespace Sallyport.EndToEnd.Tests.Masking;

/// <summary>SQL that shows masked values of people.sql when nobody masks them.</summary>
internal static class Readings
{
    /// <summary>Columns themselves, by whatever name.</summary>
    public static readonly string[] Columns =
    [
        "SELECT * FROM people",
        "TABLE people",
        "SELECT email, card, note, ssn, nick, pin, ref, photo, born FROM people",
        "SELECT email AS id FROM people",
        "SELECT p.email FROM public.people AS p",
        "SELECT * FROM ONLY people",
        "SELECT EMAIL FROM PEOPLE",
        "SELECT U&\"em\\0061il\" FROM U&\"p\\0065ople\"",
        "SELECT p.b FROM people AS p(a, c, b)",
        "SELECT x FROM (SELECT email AS x FROM people) AS nested",
        "WITH c AS (SELECT email AS x FROM people) SELECT x FROM c",
        "SELECT clean.*, nested.* FROM clean, LATERAL (SELECT email FROM people) AS nested",
        "SELECT j.* FROM (people JOIN clean USING (id)) AS j",
        "SELECT a.email FROM people a JOIN people b ON a.email = b.email",
        "SELECT DISTINCT email FROM people",
        "SELECT email FROM people GROUP BY email",
        "SELECT * FROM people TABLESAMPLE SYSTEM (100)",
        "SELECT email FROM people FOR UPDATE",
        "SELECT email FROM people UNION ALL SELECT words FROM clean",
        "SELECT words FROM clean UNION SELECT email FROM people",
        "SELECT email FROM people EXCEPT SELECT 'x'",
        "WITH RECURSIVE r AS (SELECT id, email FROM people UNION SELECT r.id, r.email FROM r JOIN people USING (id)) SELECT * FROM r",
        "UPDATE people SET name = name WHERE id = 1 RETURNING email",
        "INSERT INTO people (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = people.name RETURNING *",
        "WITH u AS (UPDATE people SET name = name RETURNING *) SELECT note FROM u",
    ];

    /// <summary>Values made of columns.</summary>
    public static readonly string[] Expressions =
    [
        "SELECT email || '' FROM people",
        "SELECT upper(note), reverse(reverse(card)), replace(email, '@', '#'), format('%s', nick), concat(email, ssn) FROM people",
        "SELECT substring(email FROM 1 FOR 10), left(note, 12), overlay(email PLACING 'x' FROM 1 FOR 1) FROM people",
        "SELECT encode(photo, 'hex'), encode(email::bytea, 'hex') FROM people",
        "SELECT encode('x'::bytea || photo || '\\x00'::bytea, 'base64'), encode(photo, 'base64') FROM people",
        "SELECT pin + 0, pin::text, ref::text, born::text, born + 0 FROM people",
        "SELECT CASE WHEN true THEN email END, COALESCE(nick, email), NULLIF(email, ''), GREATEST(email, '') FROM people",
        "SELECT max(email), min(note), string_agg(card, ','), array_agg(ssn) FROM people",
        "SELECT first_value(email) OVER (), lag(note) OVER (ORDER BY id) FROM people",
        "SELECT mode() WITHIN GROUP (ORDER BY note), percentile_disc(0.5) WITHIN GROUP (ORDER BY email) FROM people",
        "SELECT unnest(array_agg(email)) FROM people",
        "SELECT regexp_split_to_table(string_agg(email, ' '), ' ') FROM people",
        "SELECT (SELECT email FROM people WHERE id = 1)",
        "SELECT ARRAY(SELECT email FROM people)",
        "SELECT words, (SELECT max(email) FROM people) FROM clean",
        "VALUES ((SELECT email FROM people WHERE id = 1))",
        "SELECT people FROM people",
        "SELECT (people).email FROM people",
        "SELECT (people.*)::text, people::text FROM people",
        "SELECT ROW(email, note), ROW(people.*) FROM people",
        "SELECT to_json(people), row_to_json(people), to_jsonb(people) ->> 'email' FROM people",
        "SELECT json_agg(people), jsonb_object_agg(id, note) FROM people",
        "SELECT (jsonb_each_text(to_jsonb(p))).value FROM people p",
        "SELECT (json_populate_record(NULL::people, to_json(p))).email FROM people p",
        "SELECT array_agg(p) FROM people p",
        "SELECT j FROM (people JOIN clean USING (id)) AS j",
        "SELECT xmlforest(email, note) FROM people",
        "WITH c AS MATERIALIZED (SELECT note AS x FROM people) SELECT lower(x) FROM c",
        "SELECT email COLLATE \"C\", email::varchar(20), (email)::text FROM people",
        "SELECT a.words || b.email FROM clean a CROSS JOIN people b",
        "WITH u AS (UPDATE people SET name = name RETURNING upper(email) AS loud) SELECT loud FROM u",
        "UPDATE people SET name = name WHERE id = 1 RETURNING lower(email), people::text",
    ];

    /// <summary>Other relations with the same values in them, and functions that read them.</summary>
    public static readonly string[] Relations =
    [
        "SELECT * FROM people_view",
        "SELECT contact FROM people_view",
        "SELECT lower(loud) FROM people_view",
        "SELECT * FROM people_view_of_view",
        "SELECT * FROM people_whole",
        "SELECT (whole).email FROM people_whole",
        "SELECT * FROM people_mat",
        "SELECT reverse(backwards) FROM people_mat",
        "SELECT * FROM people_by_function",
        "SELECT tableoid::regclass, email FROM parts",
        "SELECT * FROM parts_1",
        "SELECT email || '' FROM parts_2_rest",
        "SELECT * FROM base",
        "SELECT * FROM child",
        "SELECT child::text FROM child",
        "SELECT * FROM all_people()",
        "SELECT all_people()",
        "SELECT (all_people()).email",
        "SELECT mail_of(1)",
        "SELECT id, mail FROM clean, mail_of(clean.id) AS mail",
        "SELECT histogram_bounds FROM pg_stats WHERE tablename = 'people' AND attname = 'email'",
        "SELECT most_common_vals::text || '' FROM pg_stats WHERE tablename = 'people' AND attname = 'ssn'",
    ];

    /// <summary>Errors and notices that quote a value.</summary>
    public static readonly string[] Errors =
    [
        "SELECT email::integer FROM people",
        "SELECT count(*) FROM people WHERE note::date > now()",
        "SELECT ('{' || email || '}')::json FROM people",
        "UPDATE people SET name = NULL WHERE id = 1",
        "INSERT INTO people SELECT id, NULL, email FROM people",
        "INSERT INTO log SELECT words FROM clean WHERE words::text = (SELECT max(email)::date::text FROM people)",
        "DO $$ BEGIN RAISE NOTICE 'it is %', (SELECT max(email) FROM people); END $$",
        "DO $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT max(email) FROM people); END $$",
        "DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = (SELECT max(email) FROM people), ERRCODE = '42601', HINT = (SELECT max(note) FROM people); END $$",
        "DO $$ BEGIN RAISE NOTICE USING MESSAGE = 'x', COLUMN = (SELECT max(email) FROM people), TABLE = (SELECT max(note) FROM people), ERRCODE = '42P01'; END $$",
        "DO $$ BEGIN EXECUTE 'SELECT ' || quote_ident((SELECT max(email) FROM people)); END $$",
    ];

    /// <summary>More than one step: the value is put where no mask is, or taken from where a name leads astray.</summary>
    public static readonly string[] Detours =
    [
        "DECLARE c CURSOR FOR SELECT email, upper(note) FROM people; FETCH ALL FROM c",
        "DECLARE c CURSOR WITH HOLD FOR SELECT email FROM people; FETCH 1 FROM c; FETCH ALL FROM c",
        "SELECT open_people('c'); FETCH ALL FROM c",
        "PREPARE p AS SELECT email, upper(note) FROM people; EXECUTE p",
        "PREPARE p (integer) AS SELECT lower(note) FROM people WHERE id = $1; EXECUTE p(1); EXECUTE p(2)",
        "COPY people TO STDOUT",
        "COPY (SELECT email FROM people) TO STDOUT WITH (FORMAT csv)",
        "CREATE TEMP TABLE kept AS SELECT * FROM people; SELECT * FROM kept",
        "SELECT * INTO TEMP kept FROM people; SELECT * FROM kept",
        "PREPARE p AS SELECT * FROM people; CREATE TEMP TABLE kept AS EXECUTE p; SELECT * FROM kept",
        "CREATE TEMP TABLE kept AS SELECT * FROM all_people(); SELECT * FROM kept",
        "CREATE TEMP VIEW kept AS SELECT upper(email) AS loud FROM people; SELECT loud FROM kept",
        "CREATE MATERIALIZED VIEW kept AS SELECT email FROM people; SELECT email || '' FROM kept; DROP MATERIALIZED VIEW kept",
        "INSERT INTO log SELECT email FROM people; SELECT * FROM log",
        "INSERT INTO log VALUES ((SELECT max(email) FROM people)) RETURNING words",
        "WITH i AS (INSERT INTO log SELECT email FROM people RETURNING words) SELECT words FROM i",
        "WITH d AS (SELECT email FROM people) INSERT INTO log SELECT email FROM d; TABLE log",
        "UPDATE log SET words = (SELECT max(email) FROM people); TABLE log",
        "UPDATE log SET words = email FROM people; TABLE log",
        "MERGE INTO log USING people ON log.words = people.email WHEN NOT MATCHED THEN INSERT VALUES (people.email); TABLE log",
        "INSERT INTO log SELECT mail_of(1); TABLE log",
        "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT max(email) FROM public.people'; SELECT pg_temp.f()",
        "DO $$ BEGIN EXECUTE 'CREATE TEMP TABLE kept AS SELECT * FROM public.people'; END $$; SELECT * FROM kept",
        "DO $$ BEGIN INSERT INTO public.log SELECT email FROM public.people; END $$; TABLE log",
        "DO $$ BEGIN PERFORM set_config('application_name', (SELECT left(max(email), 60) FROM public.people), false); END $$",
        "DO $$ BEGIN PERFORM set_config('my.mail', (SELECT max(email) FROM public.people), false); END $$; SHOW my.mail",
        "SELECT set_config('application_name', left(max(email), 60), false) FROM people",
        "SELECT length(set_config('my.mail', max(email), false)) FROM people; SHOW my.mail",
        "LISTEN news; SELECT pg_notify('news', max(email)) FROM people; COMMIT",
        "SELECT query_to_xml('SELECT email FROM people', true, true, '')",
        "SELECT table_to_xml('people', true, true, '')",
        "SELECT lo_from_bytea(54321, max(email)::bytea) FROM people; SELECT convert_from(lo_get(54321), 'UTF8')",
        "CALL tell(NULL)",
        "CREATE TEMP VIEW clean AS SELECT email AS words FROM people; SELECT upper(words), words FROM clean",
        "PREPARE p AS SELECT upper(words) FROM clean; CREATE TEMP VIEW clean AS SELECT email AS words FROM people; EXECUTE p",
        "CREATE TEMP TABLE people (id integer, email text); PREPARE p AS SELECT email, upper(email) FROM people; EXECUTE p; DROP TABLE pg_temp.people; EXECUTE p",
        "SET search_path = other, public; PREPARE p AS SELECT email FROM people; EXECUTE p; SET search_path = public; EXECUTE p",
        "SET standard_conforming_strings = off; SELECT '\\', words FROM clean --', email || '' FROM people",
    ];

    /// <summary>Changes that only the session itself sees, because it takes them back.</summary>
    public static readonly string[] Uncommitted =
    [
        "CREATE SCHEMA mine; CREATE VIEW mine.clean AS SELECT email AS words FROM people; SET search_path = mine, public; SELECT upper(words), words FROM clean",
        "CREATE VIEW public.fresh AS SELECT note AS words FROM people; SELECT words FROM fresh; SELECT upper(words) FROM fresh",
        "CREATE TABLE heir () INHERITS (people); ALTER TABLE people RENAME TO folk; SELECT email FROM folk; SELECT upper(email) FROM folk",
        "ALTER TABLE people RENAME TO folk; SELECT email FROM folk; SELECT upper(email) FROM folk",
        "ALTER TABLE clean RENAME TO folk; ALTER TABLE people RENAME TO clean; SELECT email FROM clean; SELECT upper(email) FROM clean",
        "PREPARE p AS SELECT upper(words) FROM clean; ALTER TABLE clean RENAME TO folk; CREATE VIEW clean AS SELECT email AS words FROM people; EXECUTE p",
        "ALTER TABLE people RENAME COLUMN email TO words; SELECT words FROM people; SELECT upper(words) FROM people",
        "DROP TABLE clean CASCADE; ALTER TABLE people RENAME TO clean; SELECT upper(email) FROM clean",
    ];
}
