-- The database of the masking tests. What is masked by Masking/MaskedDaemon.cs holds values that Support/Canary.cs knows.
CREATE TABLE people (
    id    integer PRIMARY KEY,
    name  text NOT NULL,
    email text,
    card  varchar(40),
    note  text,
    ssn   text,
    nick  text,
    pin   integer,
    ref   uuid,
    photo bytea,
    born  date
);

INSERT INTO people
SELECT n, 'Person ' || n, 'zcanary' || n || '@secret.example', '4111-CANARY-' || n || '-1234', 'a canary sings ' || n, 'canary-ssn-' || n % 5, 'canary-nick-' || n,
    1735190246, 'c0ffee00-1dea-4a5e-8bad-f00ddeadbeef', 'canary'::bytea, '1987-06-05'
FROM generate_series(1, 30) AS n;
INSERT INTO people VALUES (31, 'Nobody');

CREATE TABLE clean (id integer PRIMARY KEY, words text);
INSERT INTO clean VALUES (1, 'plain words'), (2, 'more of them');
CREATE TABLE log (words text);
INSERT INTO log VALUES ('so far');

CREATE SCHEMA other;
CREATE TABLE other.people (id integer, email text);
INSERT INTO other.people VALUES (1, 'known@everybody.example');

CREATE TABLE parts (id integer, email text) PARTITION BY LIST (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2) PARTITION BY LIST (email);
CREATE TABLE parts_2_rest PARTITION OF parts_2 DEFAULT;
INSERT INTO parts SELECT n, 'zcanary' || n || '@secret.example' FROM generate_series(1, 2) AS n;

CREATE TABLE base (id integer, email text);
CREATE TABLE child (extra text) INHERITS (base);
INSERT INTO child VALUES (1, 'zcanary-child@secret.example', 'more');

CREATE VIEW people_view AS SELECT id, email AS contact, upper(note) AS loud FROM people;
CREATE VIEW people_view_of_view AS SELECT contact || '' AS contact FROM people_view;
CREATE VIEW people_whole AS SELECT id, people AS whole FROM people;
CREATE MATERIALIZED VIEW people_mat AS SELECT id, email, reverse(note) AS backwards, note FROM people;
CREATE FUNCTION all_people() RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM public.people';
CREATE FUNCTION mail_of(integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM public.people WHERE id = $1';
CREATE FUNCTION open_people(refcursor) RETURNS refcursor LANGUAGE plpgsql AS 'BEGIN OPEN $1 FOR SELECT email, upper(note) FROM public.people; RETURN $1; END';
CREATE PROCEDURE tell(INOUT told text) LANGUAGE plpgsql AS 'BEGIN SELECT max(email) INTO told FROM public.people; END';
CREATE VIEW people_by_function AS SELECT id, mail_of(id) AS mail FROM clean;

DO $$
DECLARE relation record;
BEGIN
    EXECUTE 'GRANT CREATE, TEMP ON DATABASE ' || current_database() || ' TO shop_app';
    FOR relation IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'other'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition LOOP
        EXECUTE 'ALTER TABLE ' || relation.name || ' OWNER TO shop_app';
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT CREATE ON SCHEMA public TO shop_app;
GRANT USAGE, CREATE ON SCHEMA other TO shop_app;
ANALYZE;
