namespace Sallyport.Protocols.Postgres.Tests.Sql;

/// <summary>
/// Texts as real clients send them. None needs a table that is not there, except where it names one of <see cref="Tables"/>: all can be sent
/// through a real server inside a transaction that is rolled back.
/// </summary>
public static class SqlCorpus
{
    /// <summary>What has to be there before <see cref="Statements"/> are sent to a server.</summary>
    public static IEnumerable<string> Tables()
    {
        yield return "create table customers (id int primary key, email text, tags text[], data jsonb, created timestamptz default now(), parent int references customers (id))";
        yield return "create table orders (id bigserial primary key, customer_id int references customers (id), total numeric(10,2), note character varying(200))";
        yield return "create view big_orders as select * from orders where total > 100";
    }

    /// <summary>Statements that must be understood: none is Unparsed.</summary>
    public static IEnumerable<string> Statements() => Psql().Concat(Drivers()).Concat(Tools()).Concat(Applications());

    /// <summary>psql's backslash commands (src/bin/psql/describe.c writes queries of this shape).</summary>
    public static IEnumerable<string> Psql()
    {
        yield return """
            SELECT n.nspname as "Schema",
              c.relname as "Name",
              CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'p' THEN 'partitioned table' END as "Type",
              pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
            FROM pg_catalog.pg_class c
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
            WHERE c.relkind IN ('r','p','v','m','S','f','')
                  AND n.nspname <> 'pg_catalog'
                  AND n.nspname !~ '^pg_toast'
                  AND n.nspname <> 'information_schema'
              AND pg_catalog.pg_table_is_visible(c.oid)
            ORDER BY 1,2;
            """;
        yield return """
            SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname OPERATOR(pg_catalog.~) '^(customers)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3;
            """;
        yield return """
            SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true)
               FROM pg_catalog.pg_attrdef d
               WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
              a.attnotnull,
              (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
               WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
              a.attidentity, a.attgenerated
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = '1259' AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum;
            """;
        yield return """
            SELECT conname, conrelid::pg_catalog.regclass AS ontable, pg_catalog.pg_get_constraintdef(oid, true) AS condef
              FROM pg_catalog.pg_constraint c
             WHERE confrelid IN (SELECT pg_catalog.pg_partition_ancestors('1259') UNION ALL VALUES ('1259'::pg_catalog.regclass)) AND contype = 'f' AND conparentid = 0
            ORDER BY conname;
            """;
        yield return """
            SELECT pubname, NULL, NULL FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid WHERE pr.prrelid = '1259'
            UNION SELECT pubname, NULL, NULL FROM pg_catalog.pg_publication p WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable('1259') ORDER BY 1;
            """;
        yield return """
            SELECT d.datname as "Name", pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges",
                   CASE WHEN pg_catalog.has_database_privilege(d.datname, 'CONNECT') THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) ELSE 'No Access' END as "Size"
            FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t on d.dattablespace = t.oid ORDER BY 1;
            """;
        yield return """
            SELECT r.rolname, r.rolsuper, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof
            FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1;
            """;
    }

    /// <summary>What drivers send of their own accord.</summary>
    public static IEnumerable<string> Drivers()
    {
        // Npgsql: the types of the database, in one text.
        yield return """
            SELECT version();

            SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
            FROM (
                -- Arrays have typtype=b - this subquery identifies them by their typreceive and converts their typtype to a
                SELECT
                    typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
                    elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
                    CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
                FROM (
                    SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
                        CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
                        CASE
                            WHEN proc.proname='array_recv' THEN typ.typelem
                            WHEN typ.typtype='r' THEN rngsubtype
                            WHEN typ.typtype='d' THEN typ.typbasetype
                        END AS elemtypoid
                    FROM pg_type AS typ
                    LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
                    LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
                    LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
                ) AS typ
                LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
                LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
                LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
            ) AS t
            JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
            WHERE
                typtype IN ('b', 'r', 'm', 'e', 'd') OR
                (typtype = 'c' AND relkind='c') OR
                (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
                (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind='c')))
            ORDER BY CASE
                   WHEN typtype IN ('b', 'e', 'p') THEN 0
                   WHEN typtype = 'r' THEN 1
                   ELSE 7
            END;

            SELECT typ.oid, att.attname, att.atttypid
            FROM pg_type AS typ
            JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
            JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
            JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
            WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped
            ORDER BY typ.oid, att.attnum;

            SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder;
            """;
        // JDBC: primary keys, and columns.
        yield return """
            SELECT result.TABLE_CAT, result.COLUMN_NAME, result.KEY_SEQ FROM
            (SELECT current_database() AS TABLE_CAT, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ,
              information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM
             FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
             JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) WHERE i.indisprimary AND ct.relname = E'customers') result
            where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_cat, result.key_seq
            """;
        yield return "SET extra_float_digits = 3";
        yield return "SET application_name = 'PostgreSQL JDBC Driver'";
        yield return "SHOW TRANSACTION ISOLATION LEVEL";
        yield return "SELECT t.typname, t.oid FROM pg_type t JOIN pg_namespace n ON t.typnamespace = n.oid WHERE n.nspname = ANY (current_schemas(true))";
        yield return "select current_schema(), session_user, current_setting('search_path')";
        yield return "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED";
        yield return "DISCARD ALL";
        yield return "SAVEPOINT _pgjdbc_autosave";
        yield return "ROLLBACK TO SAVEPOINT _pgjdbc_autosave";
    }

    /// <summary>pg_dump and its like.</summary>
    public static IEnumerable<string> Tools()
    {
        yield return "SELECT pg_catalog.set_config('search_path', '', false)";
        yield return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        yield return "SET statement_timeout = 0";
        yield return "LOCK TABLE public.customers, public.orders IN ACCESS SHARE MODE";
        yield return "COPY public.customers (id, email, tags, data) TO stdout;";
        yield return """
            SELECT p.tableoid, p.oid, p.proname, p.prolang, p.pronargs, p.proargtypes, p.prorettype, p.proacl, acldefault('f', p.proowner) AS acldefault, p.pronamespace, p.proowner
            FROM pg_proc p LEFT JOIN pg_init_privs pip ON (p.oid = pip.objoid AND pip.classoid = 'pg_proc'::regclass AND pip.objsubid = 0)
            WHERE p.prokind <> 'a'
              AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'i')
              AND (pronamespace != (SELECT oid FROM pg_namespace WHERE nspname = 'pg_catalog')
                OR EXISTS (SELECT 1 FROM pg_cast WHERE pg_cast.oid > 16383 AND p.oid = pg_cast.castfunc)
                OR p.proacl IS DISTINCT FROM pip.initprivs)
            """;
        yield return """
            SELECT a.attnum, a.attname, pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.quote_ident(option_name) || ' ' || pg_catalog.quote_literal(option_value)
              FROM pg_catalog.pg_options_to_table(attfdwoptions) ORDER BY option_name), E',
                ') AS attfdwoptions
            FROM unnest('{1259,1249}'::pg_catalog.oid[]) AS src(tbloid)
            JOIN pg_catalog.pg_attribute a ON (src.tbloid = a.attrelid) LEFT JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
            WHERE a.attnum > 0::pg_catalog.int2 ORDER BY a.attrelid, a.attnum
            """;
        yield return "CREATE INDEX orders_note ON public.orders USING btree (lower((note)::text) COLLATE \"C\" text_pattern_ops DESC NULLS LAST) WHERE (total > (0)::numeric)";
        yield return "ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_fk FOREIGN KEY (customer_id) REFERENCES public.customers(id) ON DELETE CASCADE";
        yield return "ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME public.x START WITH 1 INCREMENT BY 1 NO MINVALUE CACHE 1)";
        yield return "VACUUM (ANALYZE, VERBOSE) customers";
    }

    /// <summary>What applications and mappers send.</summary>
    public static IEnumerable<string> Applications()
    {
        yield return "SELECT c.id, c.email FROM customers AS c WHERE c.id = 1 LIMIT 1";
        yield return "SELECT \"t0\".\"id\", \"t0\".\"email\" FROM \"customers\" AS \"t0\" WHERE (\"t0\".\"email\" LIKE '%a%' ESCAPE '' AND \"t0\".\"id\" IN (1, 2, 3)) OR (((\"t0\".\"id\" > 5)))";
        yield return "SELECT c.id, t.total, row_number() OVER (PARTITION BY c.id ORDER BY t.total DESC NULLS LAST) AS rn FROM customers c LEFT JOIN LATERAL (SELECT o.total FROM orders o WHERE o.customer_id = c.id ORDER BY o.id FETCH FIRST 1 ROW ONLY) t ON true";
        yield return "INSERT INTO customers (id, email) VALUES (1, 'a@b.c'), (2, NULL) ON CONFLICT (id) DO UPDATE SET email = excluded.email WHERE customers.email IS DISTINCT FROM excluded.email RETURNING id, (xmax = 0) AS inserted";
        yield return "UPDATE customers AS c SET tags = array_append(c.tags, 'x'), data = jsonb_set(coalesce(data, '{}'), '{a,b}', '1'::jsonb, true) FROM orders o WHERE o.customer_id = c.id AND o.total >= 10.5";
        yield return "DELETE FROM orders USING customers WHERE orders.customer_id = customers.id AND customers.created < now() - interval '1 year'";
        yield return "WITH RECURSIVE tree AS (SELECT id, parent, 1 AS level FROM customers WHERE parent IS NULL UNION ALL SELECT c.id, c.parent, t.level + 1 FROM customers c JOIN tree t ON c.parent = t.id) SELECT * FROM tree ORDER BY level, id";
        yield return "WITH moved AS (DELETE FROM orders WHERE total < 0 RETURNING *) INSERT INTO orders SELECT * FROM moved";
        yield return "SELECT data->'a'->>'b', data #>> '{a,b}', data @> '{\"a\":1}', data ? 'a', data ?| array['a','b'], tags && '{x}'::text[], tags[1:2] FROM customers";
        yield return "SELECT count(*) FILTER (WHERE total > 10), percentile_cont(0.5) WITHIN GROUP (ORDER BY total), string_agg(note, ', ' ORDER BY id) FROM orders GROUP BY GROUPING SETS ((customer_id), ()) HAVING count(*) > 0";
        yield return "SELECT extract(epoch from created), created AT TIME ZONE 'UTC', date_trunc('day', created), created::date + 1, CAST(id AS numeric(10, 2)), substring(email from '@(.*)$') FROM customers";
        yield return "SELECT g.n, d FROM generate_series(1, 10) AS g(n) CROSS JOIN unnest(ARRAY['a','b']) WITH ORDINALITY AS x(d, o) WHERE (g.n, o) IN (VALUES (1, 1), (2, 2))";
        yield return "SELECT * FROM orders WHERE id = ANY (ARRAY[1,2,3]::bigint[]) AND note ~* '^a' AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = orders.customer_id) FOR UPDATE SKIP LOCKED";
        yield return "SELECT U&'d\\0061t\\+000061', U&\"c\\0075stomers\".id, E'tab\\there', B'101', X'1F', $q$it's$q$, 'con'\n'tinued' FROM customers";
        yield return "MERGE INTO customers t USING (SELECT customer_id, sum(total) s FROM orders GROUP BY 1) o ON t.id = o.customer_id WHEN MATCHED AND o.s > 10 THEN UPDATE SET email = 'x' WHEN NOT MATCHED THEN INSERT (id) VALUES (o.customer_id)";
        yield return "DECLARE c NO SCROLL CURSOR FOR SELECT * FROM big_orders";
        yield return "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM big_orders WHERE total BETWEEN SYMMETRIC 1 AND 200";
        yield return "PREPARE p (int) AS SELECT * FROM customers WHERE id = $1";
        yield return "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT id, email FROM customers WITH DATA";
        yield return "CREATE OR REPLACE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $function$ select a + b; $function$";
        yield return "DO $$ BEGIN IF true THEN PERFORM 1; END IF; END $$";
    }
}
