using System.Text;
using Sallyport.Protocols.Postgres.Sql;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests.Sql;

/// <summary>Each text is lexed with both settings of standard_conforming_strings, and with the setting unknown.</summary>
public sealed class SqlLexingTests
{
    private const string Drop = "Drop: Drop x";

    [Theory]
    [InlineData("select 'a''b'; drop table x", "Select ; " + Drop)]
    [InlineData("select ''; drop table x", "Select ; " + Drop)]
    [InlineData("select 'a'\n'; drop table x'", "Select")]
    [InlineData("select 'a' -- c\n -- d\n '; drop table x'", "Select")]
    [InlineData("select 'a'\r'; drop table x'", "Select")]
    [InlineData("select e'\\'; drop table x --'", "Select")]
    [InlineData("select E'a\\\\'; drop table x", "Select ; " + Drop)]
    [InlineData("select E'a'\n'\\'; drop table x --'", "Select")]
    [InlineData("select n'a', N'b', b'01', X'1F', u&'a', U&\"b\" from t", "Select: Select t")]
    [InlineData("select b'\\'; drop table x", "Select ; " + Drop)]
    [InlineData("select $$ ; drop table x $$", "Select")]
    [InlineData("select $a$ $b$ ; $$ $a$; drop table x", "Select ; " + Drop)]
    [InlineData("select $a$ $a $a$", "Select")]
    [InlineData("select $é1$ ; $é1$ from t", "Select: Select t")]
    [InlineData("select a$b$c from t where d$$ = 1", "Select: Select t")]
    [InlineData("select $1, $2::int, $3.x from t", "Select: Select t")]
    [InlineData("select 1 -- ; drop table x", "Select")]
    [InlineData("select 1 -- c\r; drop table x", "Select ; " + Drop)]
    [InlineData("select 1 /* /* ; */ ; */ ; drop table x", "Select ; " + Drop)]
    [InlineData("select 1 /*/**/; */ + 1", "Select")]
    [InlineData("select 1 /***/; drop table x /* */", "Select ; " + Drop)]
    [InlineData("select 1 +/* ; */ 2", "Select")]
    [InlineData("select 1 @--; drop table x\n 2", "Select")]
    [InlineData("select 1*-- from a\n 2 from b", "Select: Select b")]
    [InlineData("select 1 =-1, 2 @- 3, 4 <= -5, a->>'b', c #>> '{d}', e && f, g <@ h, i ||/ 8 from t", "Select: Select t")]
    [InlineData("select 1_000, 0x1F, 0o17, 0b01, 1e10, 1.5e-3, .5, 5., 1..2 from t", "Select: Select t")]
    [InlineData("select 1.e from t", "Select: Select t")]
    [InlineData("select 1from t", "Select: Select t")]
    [InlineData("select a\u000b,\f b from t", "Select: Select t")]
    [InlineData("select t.* from t", "Select: Select t")]
    [InlineData("select \"a\"\"b\" from \"c;d\"\"e\"", "Select: Select c;d\"e")]
    public void Text_is_lexed_alike_whatever_the_setting(string text, string expected)
    {
        Assert.Equal(expected, SqlText.Describe(text, new SqlSettings(TriState.On, true)));
        Assert.Equal(expected, SqlText.Describe(text, new SqlSettings(TriState.Off, true)));
        Assert.Equal(expected, SqlText.Describe(text, new SqlSettings(TriState.Unknown, true)));
    }

    [Theory]
    [InlineData("select '\\'; drop table x --'", "Select ; Drop: Drop x", "Select")]
    [InlineData("select '\\\\'; drop table x", "Select ; Drop: Drop x", "Select ; Drop: Drop x")]
    [InlineData("select n'\\'; drop table x --'", "Select ; Drop: Drop x", "Select")]
    [InlineData("select 'a'\n'\\'; drop table x --'", "Select ; Drop: Drop x", "Select")]
    public void Backslash_depends_on_the_setting_and_is_unparsed_when_it_is_unknown(string text, string on, string off)
    {
        Assert.Equal(on, SqlText.Describe(text, new SqlSettings(TriState.On, true)));
        Assert.Equal(off, SqlText.Describe(text, new SqlSettings(TriState.Off, true)));
        Assert.Equal("Select!", SqlText.Describe(text, new SqlSettings(TriState.Unknown, true)));
    }

    [Theory]
    [InlineData("select 'a")]
    [InlineData("select 'a' 'b' from t where 'c")]
    [InlineData("select e'a\\")]
    [InlineData("select e'a\\'")]
    [InlineData("select \"a")]
    [InlineData("select \"\" from t")]
    [InlineData("select /* a")]
    [InlineData("select /* /* a */")]
    [InlineData("select $a$ b $A$")]
    [InlineData("select $a")]
    [InlineData("select a from t where b = $")]
    [InlineData("select \\d")]
    [InlineData("\\d t")]
    [InlineData("select {fn now()}")]
    [InlineData("select 0b1e'\\' from t")]
    [InlineData("select 1_0from t")]
    [InlineData("select 1 from U&\"a!0061\" uescape '+'")]
    [InlineData("select 1 from U&\"a!0061\" uescape 'ab'")]
    [InlineData("select 1 from U&\"a\\006\"")]
    [InlineData("select 1 from U&\"a\\D83D\"")]
    [InlineData("select 1 from U&\"a\\0000\"")]
    [InlineData("select 1 from U&\"a\\+110000\"")]
    [InlineData("select 1 ################################################################ 2")]
    [InlineData("select (1")]
    [InlineData("select 1)")]
    [InlineData("select a[1")]
    [InlineData("select a[1)")]
    [InlineData("select (1; 2)")]
    public void What_the_lexer_refuses_is_unparsed(string text)
    {
        SqlScanner scanner = SqlText.Scan(text);
        Assert.True(scanner.Count > 0 && scanner[0].IsUnparsed);
    }

    [Fact]
    public void Bytes_that_might_be_read_otherwise_are_unparsed()
    {
        Assert.Equal("Unknown!", SqlText.Describe("select 1\0; drop table x"));
        Assert.Equal("Unknown!", SqlText.Describe("select 'é'", new SqlSettings(TriState.On, false)));
        Assert.Equal("Select", SqlText.Describe("select 'e'", new SqlSettings(TriState.On, false)));
        Assert.Equal("Unknown!", SqlText.Describe([.. "select '"u8, 0xE9, .. "'"u8]));
        Assert.Equal("Unknown!", SqlText.Describe([.. "select "u8, 0xC0, 0xA7]));
    }

    [Theory]
    [InlineData("CUSTOMERS", "customers")]
    [InlineData("\"Customers\"", "Customers")]
    [InlineData("ÉTÉ", "ÉtÉ")]
    [InlineData("U&\"c\\0075stomers\"", "customers")]
    [InlineData("u&\"c!0075st!+00006Fmers\" /* x */ UESCAPE -- y\n '!'", "customers")]
    [InlineData("U&\"\\D83D\\DE00\"", "😀")]
    [InlineData("U&\"a\\\\b\"\"c\"", "a\\b\"c")]
    [InlineData("\"a.b\".c", "a.b.c")]
    [InlineData("pg_catalog . pg_class", "pg_catalog.pg_class")]
    [InlineData("_a1$", "_a1$")]
    public void Name_is_normalised_as_the_catalog_has_it(string spelling, string name) =>
        Assert.Equal("Select: Select " + name, SqlText.Describe("select 1 from " + spelling));

    [Theory]
    [InlineData("a", 63)]
    [InlineData("a", 64)]
    [InlineData("a", 200)]
    [InlineData("é", 31)]
    [InlineData("é", 32)]
    [InlineData("😀", 16)]
    [InlineData("x€", 40)]
    public void Long_name_is_cut_at_63_bytes_between_characters(string unit, int count)
    {
        string spelling = string.Concat(Enumerable.Repeat(unit, count));
        var kept = new StringBuilder();
        foreach (Rune rune in spelling.EnumerateRunes())
        {
            if (Encoding.UTF8.GetByteCount(kept.ToString()) + rune.Utf8SequenceLength > 63)
                break;
            kept.Append(rune.ToString());
        }

        Assert.Equal("Select: Select " + kept, SqlText.Describe("select 1 from " + spelling));
        Assert.Equal("Select: Select " + kept, SqlText.Describe($"select 1 from \"{spelling}\""));
        Assert.Equal("Select: Select " + kept, SqlText.Describe($"select 1 from U&\"{spelling}\""));
    }

    [Fact]
    public void Statement_range_leaves_out_white_space_and_semicolon()
    {
        const string Text = "  select 1 /* a */ ;; delete from t -- b\n;";
        SqlScanner scanner = SqlText.Scan(Text);
        Assert.Equal(2, scanner.Count);
        Assert.Equal("select 1", Text.Substring(scanner[0].Start, scanner[0].Length));
        Assert.Equal("delete from t", Text.Substring(scanner[1].Start, scanner[1].Length));
    }
}
