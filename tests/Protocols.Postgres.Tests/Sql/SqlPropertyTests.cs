using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Sql;

public sealed class SqlPropertyTests
{
    private static readonly string[] Soup =
    [
        "select", "from", "where", "t", "s.t", "\"Q\"", "U&\"\\0061\"", "uescape", "'!'", "(", ")", "[", "]", ",", ";", ".", "*", "+", "--x\n", "/*", "*/", "'a'", "'", "\"",
        "e'\\''", "$$", "$a$", "$1", "1", "0x1F", "with", "recursive", "as", "insert", "into", "values", "update", "set", "delete", "using", "merge", "when", "matched", "then",
        "join", "left", "on", "lateral", "rows", "only", "union", "all", "except", "case", "end", "create", "table", "view", "index", "role", "password", "alter", "drop", "grant",
        "to", "revoke", "explain", "analyze", "prepare", "execute", "copy", "stdin", "stdout", "program", "begin", "atomic", "commit", "do", "call", "f(", "::", ":=", "=>", "é",
        "is", "distinct", "extract(", "for", "returning", "conflict", "if", "not", "exists", "group", "by", "order", "partition", "of", "references", "\\", "{", "\0",
    ];

    private static readonly string[] Simple =
    [
        "select 1", "select * from t", "delete from t where a = ';'", "insert into a select * from b", "update t set a = $$;$$", "begin", "set a = 'b;c'", "drop table x",
        "select \"a;b\" from t /* ; */", "copy t to stdout", "with x as (select 1) table x", "select e'\\';' from u", "create table t (a int)", "truncate a, b", "values (1)",
    ];

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var scanner = new SqlScanner(new SqlScannerLimits { Depth = 50, Objects = 50, NameBytes = 4096 });
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 2], Gen.Bool).Sample(
            (bytes, strings, safe) =>
            {
                scanner.Scan(bytes, new SqlSettings((TriState)strings, safe));
                AssertWellFormed(scanner, bytes);
            }, iter: 20_000, threads: 1);
    }

    [Fact]
    public void No_words_make_it_throw()
    {
        var scanner = new SqlScanner(new SqlScannerLimits { Depth = 50, Objects = 50, NameBytes = 4096 });
        Gen.Select(OneOf(Soup).Array[0, 40], Gen.Int[0, 2]).Sample(
            (words, strings) =>
            {
                byte[] bytes = Encoding.UTF8.GetBytes(string.Join(' ', words));
                scanner.Scan(bytes, new SqlSettings((TriState)strings, true));
                AssertWellFormed(scanner, bytes);
            }, iter: 50_000, threads: 1);
    }

    [Fact]
    public void Mutilated_statements_do_not_make_it_throw()
    {
        byte[][] corpus = [.. SqlCorpus.Statements().Select(Encoding.UTF8.GetBytes)];
        var scanner = new SqlScanner();
        Gen.Select(Gen.Int[0, corpus.Length - 1], Gen.Int[0, 4000], Gen.Int[0, 40], Gen.Byte.Array[0, 3]).Sample(
            (which, at, cut, put) =>
            {
                byte[] text = corpus[which];
                int start = at % text.Length;
                byte[] bytes = [.. text.AsSpan(0, start), .. put, .. text.AsSpan(Math.Min(text.Length, start + cut))];
                scanner.Scan(bytes, SqlText.Usual);
                AssertWellFormed(scanner, bytes);
            }, iter: 20_000, threads: 1);
    }

    [Fact]
    public void Statements_joined_by_semicolons_are_as_many()
    {
        OneOf(Simple).Array[1, 12].Sample(statements =>
        {
            string joined = string.Join(";", statements);
            Assert.Equal(string.Join(" ; ", statements.Select(s => SqlText.Describe(s))), SqlText.Describe(joined));
            Assert.Equal(statements.Length, SqlText.Scan(joined).Count);
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void White_space_comments_and_case_change_nothing()
    {
        string[] texts = ["select a , b . c from s . t as x where f ( 1 ) = 2", "delete from only t using u", "insert into a ( b ) values ( 1 ) on conflict do update set b = 2",
            "with recursive a as ( delete from t ) select * from a , b", "grant select on table s . t to bob", "explain ( analyze ) update t set a = 1",
            "create view v as select 1 from u", "merge into t using s on true when matched then delete", "set search_path to x", "drop table if exists a , b"];
        string[] fillers = [" ", "\n", "\t\r\n", "/**/", " /* ; ' \" $$ /* */ */ ", " -- ; '\n", "\f\v "];
        Gen.Select(OneOf(texts), OneOf(fillers).Array[40], Gen.Bool.Array[200]).Sample(
            (text, fill, upper) =>
            {
                string[] words = text.Split(' ');
                var other = new StringBuilder();
                for (int i = 0; i < words.Length; i++)
                {
                    other.Append(string.Concat(words[i].Select((c, n) => upper[(i + n) % 200] ? char.ToUpperInvariant(c) : c)));
                    other.Append(fill[i % 40]);
                }

                Assert.Equal(SqlText.Describe(text), SqlText.Describe(other.ToString()));
            }, iter: 2_000, threads: 1);
    }

    [Fact]
    public void Every_statement_of_the_corpus_is_understood()
    {
        foreach (string text in SqlCorpus.Tables().Concat(SqlCorpus.Statements()))
        {
            string found = SqlText.Describe(text);
            Assert.False(found.Contains('!'), $"{found}\n{text}");
        }
    }

    [Fact]
    public void Scanning_again_gives_the_same_and_allocates_nothing()
    {
        byte[][] corpus = [.. SqlCorpus.Statements().Select(Encoding.UTF8.GetBytes)];
        var scanner = new SqlScanner();
        string[] first = [.. corpus.Select(text => SqlText.Describe(text, null, scanner))];
        for (int i = 0; i < corpus.Length; i++)
            Assert.Equal(first[i], SqlText.Describe(corpus[i], null, scanner));

        Assert.Equal(0, Allocation.Least(1, () =>
        {
            foreach (byte[] text in corpus)
                scanner.Scan(text, SqlText.Usual);
        }));
    }

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void AssertWellFormed(SqlScanner scanner, ReadOnlySpan<byte> text)
    {
        int last = 0;
        for (int i = 0; i < scanner.Count; i++)
        {
            SqlStatement statement = scanner[i];
            Assert.True(statement.Start >= last && statement.Length >= 0 && statement.Start + statement.Length <= text.Length);
            last = statement.Start + statement.Length;
            foreach (ObjectRef effect in scanner.Objects(i))
                Assert.True(effect.Start + effect.Length <= scanner.Names.Length && effect.QualifierLength <= Math.Max(0, effect.Length - 1));
            foreach (ObjectRef function in scanner.Functions(i))
                Assert.True(function.Start + function.Length <= scanner.Names.Length);
            foreach (SqlRange secret in scanner.Secrets(i))
                Assert.True(secret.Start >= statement.Start && secret.Start + secret.Length <= text.Length);
        }
    }
}
