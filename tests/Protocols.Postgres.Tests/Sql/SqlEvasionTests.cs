using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Sql;

/// <summary>Ways to hide what a statement does. Each must come out as what it is, or as Unparsed.</summary>
public sealed class SqlEvasionTests
{
    [Theory]
    [InlineData("DELETE/**/FROM/**/t", "Delete: Delete t~")]
    [InlineData("dElEtE\n--x\nfRoM\tONLY(t)", "Delete: Delete t~")]
    [InlineData("select 1;drop table x", "Select ; Drop: Drop x")]
    [InlineData("select $$;$$;drop table x", "Select ; Drop: Drop x")]
    [InlineData("select 'a;b' /* ; */ ; drop table x -- ;", "Select ; Drop: Drop x")]
    [InlineData(";;drop table x", "Drop: Drop x")]
    [InlineData("/* select 1; */ drop table x", "Drop: Drop x")]
    [InlineData("-- select 1\ndrop table x", "Drop: Drop x")]
    [InlineData("begin; delete from t; commit", "Begin ; Delete: Delete t~ ; Commit")]
    [InlineData("delete from t where exists (select 1) ; delete from t", "Delete: Delete t ; Delete: Delete t~")]
    [InlineData("with a as (with b as (delete from t returning *) select * from b) select * from a", "Select: Delete t~")]
    [InlineData("select * from (select * from (table secret) a) b", "Select: Select secret")]
    [InlineData("select array(select x from secret)", "Select: Select secret")]
    [InlineData("select a[(select 1 from secret)]", "Select: Select secret")]
    [InlineData("select f(variadic array(select 1 from secret))", "Select: Select secret")]
    [InlineData("select case when (select true from secret) then 1 end", "Select: Select secret")]
    [InlineData("values ((table secret))", "Select: Select secret")]
    [InlineData("select 1 order by (select 1 from secret) limit (select 2 from b) offset (select 3 from c)", "Select: Select secret, Select b, Select c")]
    [InlineData("select 1 from a where x = any (select 1 from secret)", "Select: Select a, Select secret")]
    [InlineData("select 1 from f((select 1 from secret))", "Select: Select secret")]
    [InlineData("select extract(year from d) from secret", "Select: Select secret")]
    [InlineData("select substring(a from (select 1 from secret)) from b", "Select: Select secret, Select b")]
    [InlineData("update a set b = 1 from secret where true", "Update: Update a, Select secret")]
    [InlineData("update pg_settings set setting = 'x' where name = 'role'", "Update: Update pg_settings, Call set_config")]
    [InlineData("update only (pg_catalog.U&\"pg\\005fsettings\") as s set setting = 'x' where true", "Update: Update pg_catalog.pg_settings, Call set_config")]
    [InlineData("insert into a values (1) on conflict do nothing returning (select 1 from secret)", "Insert: Insert a, Select secret")]
    [InlineData("create table a as table secret", "CreateTableAs: CreateTableAs a, Select secret")]
    [InlineData("create index on a ((select 1 from secret))", "Create: Create a, Select secret")]
    [InlineData("create table a (b int default ((select 1 from c) union (select 1 from secret)))", "Create: Create a, Select c, Select secret")]
    [InlineData("select 1 from a as from_, secret", "Select: Select a, Select secret")]
    [InlineData("select 1 from (a cross join (b cross join secret))", "Select: Select a, Select b, Select secret")]
    [InlineData("select 1 from a join secret on conflict", "Select: Select a, Select secret")]
    [InlineData("select 1 from a join join(b) on true, secret", "Select: Select a, Select secret")]
    [InlineData("select 1 from a join b on join(secret)", "Select: Select a, Select b, Select secret")]
    [InlineData("with x as (select 1) (select 1 from secret)", "Select: Select secret")]
    [InlineData("with x as (select 1), secret as (select 2) select 1 from public.secret", "Select: Select public.secret")]
    [InlineData("with secret as (table secret) table secret", "Select: Select secret")]
    [InlineData("explain (analyze, verbose) with x as (delete from t) select 1", "Explain: Delete t~, Explain")]
    public void Hidden_effect_is_found(string text, string expected) => Assert.Equal(expected, SqlText.Describe(text));

    [Theory]
    [InlineData("sel/**/ect 1")]
    [InlineData("frobnicate t")]
    [InlineData("\"select\" 1")]
    [InlineData("select 1 from")]
    [InlineData("select 1 from t from u")]
    [InlineData("select (a from secret)")]
    [InlineData("select 1, select 2 from secret")]
    [InlineData("select f(1, select 2 from secret)")]
    [InlineData("select 1 from a b c")]
    [InlineData("select 1 from 'a'")]
    [InlineData("select 1 from a, , b")]
    [InlineData("select 1 from a.b.c.d")]
    [InlineData("insert into t")]
    [InlineData("delete t")]
    [InlineData("delete from t where")]
    [InlineData("update t set")]
    [InlineData("merge into t using s on true")]
    [InlineData("with x as (drop table y) select 1")]
    [InlineData("with x (select 1) select 1")]
    [InlineData("copy t")]
    [InlineData("copy t to stdout; copy")]
    [InlineData("create gizmo x")]
    [InlineData("create schema s create table t (a int) grant all on t to public")]
    [InlineData("create rule r as on insert to t do also delete from u")]
    [InlineData("create rule r as on insert to t do also (delete from u; delete from v)")]
    [InlineData("create function f() returns int begin atomic delete from t; select 1; end")]
    [InlineData("create function f() returns int language sql begin/**/ATOMIC select 1; end; drop table x")]
    [InlineData("explain drop table x")]
    [InlineData("prepare p as drop table x")]
    [InlineData("declare c cursor for drop table x")]
    [InlineData("start_replication slot x logical 0/0")]
    [InlineData("alter gizmo x")]
    [InlineData("grant select on t")]
    [InlineData("create table t (a int default f(1, select 1 from secret))")]
    public void What_is_not_understood_is_unparsed(string text)
    {
        SqlScanner scanner = SqlText.Scan(text);
        bool unparsed = false;
        for (int i = 0; i < scanner.Count; i++)
            unparsed |= scanner[i].IsUnparsed;
        Assert.True(unparsed, SqlText.Describe(text));
    }

    [Theory]
    [InlineData("select pg_read_file('/etc/passwd')", "pg_read_file")]
    [InlineData("select PG_CATALOG . \"pg_read_file\" /* x */ ('/etc/passwd')", "pg_read_file")]
    [InlineData("select U&\"pg_read\\005ffile\"('x')", "pg_read_file")]
    [InlineData("select ('/etc/passwd'::text).pg_read_file", "pg_read_file")]
    [InlineData("select (array['x'])[1].pg_read_file", "pg_read_file")]
    [InlineData("select $1.pg_cancel_backend", "pg_cancel_backend")]
    [InlineData("select a.lo_export from a", "lo_export")]
    [InlineData("select * from pg_ls_dir('.')", "pg_ls_dir")]
    [InlineData("select * from rows from (pg_ls_waldir()) x", "pg_ls_waldir")]
    [InlineData("select * from ext.dblink('a', 'b') as t(x int)", "dblink")]
    [InlineData("select query_to_xml('select 1', true, true, '')", "query_to_xml")]
    [InlineData("select database_to_xml_and_xmlschema(true, true, '')", "database_to_xml_and_xmlschema")]
    [InlineData("select set_config('role', 'x', false)", "set_config")]
    [InlineData("insert into t values (lo_import('/etc/passwd'))", "lo_import")]
    [InlineData("create table t (a oid default lo_import('/etc/passwd'))", "lo_import")]
    [InlineData("call pg_notify('a', 'b')", "pg_notify")]
    [InlineData("explain select pg_reload_conf()", "pg_reload_conf")]
    [InlineData("select pg_create_logical_replication_slot('a', 'b')", "pg_create_logical_replication_slot")]
    [InlineData("select pg_drop_replication_slot('a')", "pg_drop_replication_slot")]
    [InlineData("select pg_file_write('a', 'b', true)", "pg_file_write")]
    public void Sensitive_function_is_an_effect_of_its_own(string text, string name) =>
        Assert.Contains("Call " + name, SqlText.Describe(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("select f(1), s.g(2), \"H\"(3), f(4), coalesce(a, 1)", "f, s.g, H")]
    [InlineData("select sum(a) over (order by b), count(*) filter (where c), x at time zone ('utc')", "sum, count")]
    [InlineData("select * from f(1) join s.g() on h()", "f, s.g, h")]
    [InlineData("select db.s.f(1), left(a, 1), over(1), by(2)", "s.f, left, over, by")]
    [InlineData("select (x).y, now()", "y, now")]
    [InlineData("select a.b, a.b.c, t.* from t group by (a), rollup (b) order by (c)", "")]
    [InlineData("select 1 from t tablesample m (1)", "m")]
    public void Called_names_are_listed(string text, string expected) => Assert.Equal(expected, SqlText.Functions(text));

    [Theory]
    [InlineData("create role r login password 'hunter2' valid until '2030-01-01'", "hunter2")]
    [InlineData("alter user r with encrypted password E'hun\\'ter' superuser", "hun\\'ter")]
    [InlineData("alter role r password $x$hunter2$x$", "hunter2")]
    [InlineData("create user mapping for u server s options (user 'a', password 'b')", "a|b")]
    [InlineData("create subscription s connection 'host=x password=y' publication p", "host=x password=y")]
    [InlineData("alter server s options (set password 'q')", "q")]
    [InlineData("create role r; alter group g password 'p2'", "p2")]
    [InlineData("alter role r password null", "")]
    [InlineData("select 'password'", "")]
    public void Password_literals_are_pointed_out(string text, string expected)
    {
        SqlScanner scanner = SqlText.Scan(text);
        var secrets = new List<string>();
        for (int i = 0; i < scanner.Count; i++)
        {
            Assert.False(scanner[i].IsUnparsed);
            foreach (SqlRange range in scanner.Secrets(i))
                secrets.Add(text.Substring(range.Start, range.Length));
            Assert.Equal(scanner.Secrets(i).Length > 0, (scanner[i].Traits & SqlTraits.HasSecret) != 0);
        }

        Assert.Equal(expected, string.Join('|', secrets));
    }

    [Theory]
    [InlineData("alter role r password 'hunter2", "hunter2")]
    [InlineData("alter gizmo r PassWord  E'hunter2'; select 'x'", "hunter2")]
    [InlineData("create role r password 'hunter2' frob(", "hunter2")]
    [InlineData("frob password; select 'x'", "")]
    [InlineData("alter role é password 'hunter2'\0", "hunter2")]
    public void Password_is_pointed_out_where_the_text_is_not_understood(string text, string expected)
    {
        SqlScanner scanner = SqlText.Scan(text);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.True(scanner[0].IsUnparsed);
        var secrets = new List<string>();
        foreach (SqlRange range in scanner.Secrets(0))
            secrets.Add(Encoding.UTF8.GetString(bytes.AsSpan(range.Start, range.Length)));
        Assert.Equal(expected, string.Join('|', secrets));
    }

    [Fact]
    public void Every_statement_of_several_is_marked()
    {
        SqlScanner scanner = SqlText.Scan("select 1; select 2; frob");
        Assert.Equal(3, scanner.Count);
        for (int i = 0; i < 3; i++)
            Assert.True((scanner[i].Flags & ActionFlags.MultiStatement) != 0);
        Assert.Equal(ActionFlags.None, SqlText.Scan("select 1;")[0].Flags);
    }

    [Fact]
    public void What_follows_an_unparsed_statement_is_still_seen() =>
        Assert.Equal("Unknown! ; Drop: Drop x ; Select", SqlText.Describe("frob ( ; drop table x; select 1"));

    [Fact]
    public void Qualifier_is_kept_apart_from_a_dot_in_a_name()
    {
        SqlScanner scanner = SqlText.Scan("select 1 from \"a.b\", a.b");
        ReadOnlySpan<ObjectRef> objects = scanner.Objects(0);
        Assert.Equal(2, objects.Length);
        Assert.Equal((0, 3), (objects[0].QualifierLength, objects[0].Length));
        Assert.Equal("a.b", Encoding.UTF8.GetString(objects[0].Name(scanner.Names)));
        Assert.Equal("b", Encoding.UTF8.GetString(objects[1].Name(scanner.Names)));
        Assert.Equal("a", Encoding.UTF8.GetString(objects[1].Qualifier(scanner.Names)));
    }

    [Fact]
    public void Every_limit_makes_a_text_unparsed()
    {
        string deep = "select " + new string('(', 300) + "1" + new string(')', 300);
        string wide = "select 1 from " + string.Join(',', Enumerable.Range(0, 50).Select(i => $"table_{i}"));
        string many = string.Concat(Enumerable.Repeat("select 1;", 50));
        AssertUnparsed(deep, new SqlScannerLimits());
        AssertUnparsed(wide, new SqlScannerLimits { Objects = 10 });
        AssertUnparsed(wide, new SqlScannerLimits { Tokens = 10 });
        AssertUnparsed(wide, new SqlScannerLimits { NameBytes = 200 });
        AssertUnparsed(many, new SqlScannerLimits { Statements = 10 });
        AssertUnparsed("with a as (select 1), b as (select 1), c as (select 1) select 1", new SqlScannerLimits { CommonTables = 2 });
    }

    private static void AssertUnparsed(string text, SqlScannerLimits limits)
    {
        var scanner = new SqlScanner(limits);
        scanner.Scan(Encoding.UTF8.GetBytes(text), SqlText.Usual);
        Assert.True(scanner[scanner.Count - 1].IsUnparsed);
    }
}
