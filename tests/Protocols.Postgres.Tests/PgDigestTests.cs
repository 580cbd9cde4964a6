using System.Buffers;
using System.Text;
using CsCheck;
using Sallyport.Protocols.Postgres.Sql;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>An approval is for one statement: what PostgreSQL would read alike has one digest, and nothing else has it.</summary>
public sealed class PgDigestTests
{
    private static readonly SqlSettings Usual = new(TriState.On, AsciiSafeEncoding: true);

    /// <summary>Tokens that stand apart when there is white space between them, each as the lexer reads it.</summary>
    private static readonly string[] Tokens =
    [
        "select", "from", "T", "t", "\"T\"", "\"a b\"", "U&\"d\\0061\"", "'x'", "'--'", "'/*'", "E'\\''", "$$a b$$", "$q$ $$ $q$", "1", "1.5", "10", "$1", "+", "-", "*", "/", "<=", "(", ")", ",", ".", "::",
        ";", "[", "]", ":=", "B'1'", "a1", "'é'",
    ];

    private static readonly string[] Blanks = [" ", "\n", "\t ", " /* x */ ", " /* /* nested ; */ */ ", " -- to the end ; 'x'\n", "\r\n"];

    private static readonly Gen<string[]> Streams = Gen.Int[0, Tokens.Length - 1].Select(i => Tokens[i]).Array[0, 8];
    private static readonly Gen<string> Blank = Gen.Int[0, Blanks.Length - 1].Select(i => Blanks[i]);

    [Theory]
    [InlineData("delete from t where id = 1", "delete  from\tt -- one\nwhere/* a */id = 1")]
    [InlineData("delete from t", "delete from t;")]
    [InlineData("delete from t", " delete from t ; ; -- end")]
    [InlineData("select 1", "select/**/1")]
    [InlineData("select a -1", "select a - 1")]
    public void White_space_comments_and_semicolons_at_the_end_do_not_matter(string one, string other) => Assert.Equal(Of(one), Of(other));

    [Theory]
    [InlineData("delete from t where id = 1", "delete from t where id = 2")]
    [InlineData("delete from t", "delete from T")]
    [InlineData("select 'a b'", "select 'a  b'")]
    [InlineData("select 'a--b'", "select 'a'--b'")]
    [InlineData("select 'a' 'b'", "select 'a'\n'b'")]
    [InlineData("select ab", "select a b")]
    [InlineData("select $$a$$", "select $x$a$x$")]
    [InlineData("select 1; select 2", "select 1 select 2")]
    [InlineData("select U&'a'", "select U & 'a'")]
    [InlineData("select E'a'", "select e 'a'")]
    [InlineData("select 1", "select 1;select 1")]
    public void Anything_else_does(string one, string other) => Assert.NotEqual(Of(one), Of(other));

    [Fact]
    public void Different_token_streams_never_collide_and_equal_ones_always_do() =>
        Gen.Select(Streams, Streams, Gen.Bool, Blank.Array[9], Blank.Array[9]).Sample((one, another, same, blanks, others) =>
        {
            string[] other = same ? one : another;
            // In between, white space only: what is joined is read as it was written.
            byte[] left = Written(Join(one, blanks)), right = Written(Join(other, others));
            return left.AsSpan().SequenceEqual(right) == Trimmed(one).SequenceEqual(Trimmed(other));
        }, iter: 20_000);

    [Fact]
    public void Values_types_and_formats_are_part_of_it()
    {
        byte[][] binds =
        [
            Bind([], [], []), Bind([], [Text("1")], []), Bind([], [Text("2")], []), Bind([], [null], []), Bind([], [Text("")], []), Bind([1], [Text("1")], []),
            Bind([], [Text("1"), Text("2")], []), Bind([], [Text("12")], []), Bind([], [Text("1")], [1]), Bind([], [Text("1")], [0]), Bind([], [Text("1")], [1, 1]),
            Bind([0, 1], [Text("1"), Text("2")], []), Bind([1, 0], [Text("1"), Text("2")], []),
        ];
        var digests = new HashSet<string>();
        foreach (byte[] bind in binds)
        {
            foreach (uint[] types in new uint[][] { [], [23], [25], [23, 25], [0] })
                Assert.True(digests.Add(Convert.ToHexString(PgDigest.Of("select $1"u8, Usual, true, types, PgBoundValues.TryRead(bind)))));
        }
    }

    [Fact]
    public void One_format_for_all_is_that_format_for_each()
    {
        byte[] all = Bind([1], [Text("a"), Text("b")], []), each = Bind([1, 1], [Text("a"), Text("b")], []);
        Assert.Equal(PgDigest.Of("x"u8, Usual, true, [], PgBoundValues.TryRead(all)), PgDigest.Of("x"u8, Usual, true, [], PgBoundValues.TryRead(each)));
    }

    [Fact]
    public void The_names_of_portal_and_statement_are_no_part_of_it()
    {
        byte[] one = [.. Msg.Made((byte)'B', w => w.CString("p").CString("s").Int16(0).Int16(0).Int16(0)).AsSpan(5)];
        byte[] other = [.. Msg.Made((byte)'B', w => w.CString("").CString("another").Int16(0).Int16(0).Int16(0)).AsSpan(5)];
        Assert.Equal(PgDigest.Of("x"u8, Usual, true, [], PgBoundValues.TryRead(one)), PgDigest.Of("x"u8, Usual, true, [], PgBoundValues.TryRead(other)));
    }

    [Fact]
    public void The_settings_it_is_read_by_are_part_of_it()
    {
        var digests = new HashSet<string>();
        foreach (TriState strings in Enum.GetValues<TriState>())
        {
            foreach (bool safe in new[] { false, true })
                Assert.True(digests.Add(Convert.ToHexString(PgDigest.Of("select 1"u8, new SqlSettings(strings, safe), true, [], null))));
        }
    }

    [Fact]
    public void What_was_not_understood_is_taken_as_it_is()
    {
        Assert.NotEqual(PgDigest.Of("odd  x"u8, Usual, false, [], null), PgDigest.Of("odd x"u8, Usual, false, [], null));
        Assert.NotEqual(PgDigest.Of("odd x"u8, Usual, false, [], null), PgDigest.Of("odd x"u8, Usual, true, [], null));
        // A literal that does not end: nothing behind it was read.
        Assert.NotEqual(Of("select 'a  b"), Of("select  'a  b"));
    }

    private static byte[] Of(string text) => PgDigest.Of(Encoding.UTF8.GetBytes(text), Usual, isUnderstood: true, [], null);

    private static byte[] Written(string text)
    {
        var to = new ArrayBufferWriter<byte>();
        PgDigest.Write(to, Encoding.UTF8.GetBytes(text), Usual, isUnderstood: true, [], null);
        return to.WrittenSpan.ToArray();
    }

    private static string Join(string[] tokens, string[] blanks) => blanks[^1] + string.Concat(tokens.Select((t, i) => t + blanks[i].Replace("\n", Continues(tokens, i) ? " " : "\n", StringComparison.Ordinal)
        .Replace("--", Continues(tokens, i) ? "" : "--", StringComparison.Ordinal).Replace("'x'", Continues(tokens, i) ? "" : "'x'", StringComparison.Ordinal)
        .Replace(";", Continues(tokens, i) ? "" : ";", StringComparison.Ordinal).Replace("to the end", Continues(tokens, i) ? "" : "to the end", StringComparison.Ordinal).Replace("\r", " ", StringComparison.Ordinal)));

    /// <summary>Two literals with a line between them are one (4.1.2.1).</summary>
    private static bool Continues(string[] tokens, int i) => tokens[i].EndsWith('\'') && i + 1 < tokens.Length && tokens[i + 1].Contains('\'', StringComparison.Ordinal);

    private static string[] Trimmed(string[] tokens)
    {
        int end = tokens.Length;
        while (end > 0 && tokens[end - 1] == ";")
            end--;
        return tokens[..end];
    }

    private static byte[] Text(string value) => Encoding.UTF8.GetBytes(value);

    private static byte[] Bind(short[] formats, byte[]?[] values, short[] resultFormats) => Msg.Made((byte)'B', w =>
    {
        w.CString("").CString("").Int16((short)formats.Length);
        foreach (short format in formats)
            w.Int16(format);
        w.Int16((short)values.Length);
        foreach (byte[]? value in values)
        {
            if (value is null)
                w.Int32(-1);
            else
                w.Int32(value.Length).Bytes(value);
        }

        w.Int16((short)resultFormats.Length);
        foreach (short format in resultFormats)
            w.Int16(format);
    })[5..];
}
