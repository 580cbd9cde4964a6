using System.Text;
using CsCheck;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgStartupTests
{
    private static readonly string[] Names = ["user", "database", "options", "role", "geqo", "_pq_.a", "replication"];

    private static byte[] Body(int version, params string[] words)
    {
        using var writer = new PgWriter();
        writer.Int32(version);
        foreach (string word in words)
            writer.CString(word);
        return writer.Byte(0).Written.ToArray();
    }

    private static PgStartupParameters Read(params string[] words) => PgStartupParameters.TryRead(Body(StartupCode.Version30, words))!;

    [Fact]
    public void Names_and_values_are_read_and_the_database_defaults_to_the_user()
    {
        PgStartupParameters startup = Read("user", "bob", "application_name", "psql", "_pq_.x", "1");
        Assert.Equal((StartupCode.Version30, "bob", "bob", "psql"), (startup.Version, startup.User, startup.Database, startup.ApplicationName));
        Assert.Equal(["_pq_.x"], startup.ProtocolOptions);
        Assert.Equal("orders/db", Read("user", "bob", "database", "orders/db").Database);
        Assert.Equal("", Read().User);
    }

    [Fact]
    public void A_message_cut_short_or_with_something_behind_it_is_malformed()
    {
        byte[] body = Body(StartupCode.Version30, "user", "bob", "database", "orders");
        for (int length = 0; length < body.Length; length++)
            Assert.Null(PgStartupParameters.TryRead(body.AsSpan(0, length)));
        Assert.Null(PgStartupParameters.TryRead([.. body, 0]));
    }

    [Fact]
    public void A_parameter_given_twice_is_malformed_whatever_its_case()
    {
        Assert.Null(PgStartupParameters.TryRead(Body(StartupCode.Version30, "user", "bob", "user", "eve")));
        Assert.Null(PgStartupParameters.TryRead(Body(StartupCode.Version30, "user", "bob", "USER", "eve")));
    }

    [Fact]
    public void Parameters_are_bounded_in_number()
    {
        string[] Words(int count) => [.. Enumerable.Range(0, count).SelectMany(i => new[] { $"p{i}", "v" })];
        Assert.NotNull(PgStartupParameters.TryRead(Body(StartupCode.Version30, Words(256))));
        Assert.Null(PgStartupParameters.TryRead(Body(StartupCode.Version30, Words(257))));
    }

    [Fact]
    public void Only_settings_on_the_list_reach_the_target()
    {
        Assert.Null(Read("user", "bob", "database", "d", "client_encoding", "UTF8", "DateStyle", "ISO", "options", "-c geqo=off --statement-timeout=5", "replication", "false")
            .TryForTarget(out List<KeyValuePair<string, string>> parameters));
        Assert.Equal(["client_encoding=UTF8", "DateStyle=ISO", "geqo=off", "statement_timeout=5"], parameters.Select(p => $"{p.Key}={p.Value}"));
    }

    [Theory]
    [InlineData("search_path", "evil")]
    [InlineData("role", "postgres")]
    [InlineData("session_authorization", "postgres")]
    [InlineData("session_preload_libraries", "evil")]
    [InlineData("replication", "true")]
    [InlineData("replication", "database")]
    [InlineData("options", "-c search_path=evil")]
    [InlineData("options", "-c role=postgres")]
    [InlineData("options", "--role=postgres")]
    [InlineData("options", "-c geqo=off -c ro\\le=postgres")]
    [InlineData("options", "-F")]
    [InlineData("options", "-c geqo=off postgres")]
    public void Everything_else_is_refused_by_name(string name, string value)
    {
        PgRefusal? refusal = Read("user", "bob", name, value).TryForTarget(out _);
        Assert.Equal(SqlState.FeatureNotSupported, refusal?.SqlState);
    }

    [Fact]
    public void A_refused_name_is_shown_without_its_control_characters_and_cut()
    {
        PgRefusal refusal = Read("user", "bob", "x\u001b[2J" + new string('y', 200), "v").TryForTarget(out _)!;
        Assert.DoesNotContain('\u001b', refusal.Message);
        Assert.True(refusal.Message.Length < 120);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("   \t\n\r\v\f ", "")]
    [InlineData("-c a=1", "a=1")]
    [InlineData("-ca=1", "a=1")]
    [InlineData("--a=1", "a=1")]
    [InlineData(" -c  a=1\t--b=2 -cc=3 ", "a=1|b=2|c=3")]
    [InlineData("-c a=b=c", "a=b=c")]
    [InlineData("-c a=", "a=")]
    [InlineData("--work-mem=1", "work_mem=1")]
    [InlineData("-c work-mem=1-2", "work_mem=1-2")]
    // A backslash takes the next character as it is; at the end it is itself.
    [InlineData(@"-c a=x\ y", "a=x y")]
    [InlineData(@"-c a=\\", @"a=\")]
    [InlineData(@"-c a=x\", @"a=x\")]
    [InlineData(@"\-c a=1", "a=1")]
    public void Options_are_split_as_PostgreSQL_splits_them(string options, string expected)
    {
        var settings = new List<KeyValuePair<string, string>>();
        Assert.True(PgStartupOptions.TryParse(options, settings));
        Assert.Equal(expected, string.Join('|', settings.Select(s => $"{s.Key}={s.Value}")));
    }

    [Theory]
    [InlineData("-c")]
    [InlineData("-c ")]
    [InlineData("-c a")]
    [InlineData("-c=foo")]
    [InlineData("-c =foo")]
    [InlineData("--")]
    [InlineData("--=1")]
    [InlineData("--a")]
    [InlineData("-")]
    [InlineData("a=1")]
    [InlineData("-d 5")]
    [InlineData("-e")]
    [InlineData("-E")]
    [InlineData("-Pa=1")]
    [InlineData(@"\ -c a=1")]
    public void Options_that_are_not_settings_are_refused(string options) => Assert.False(PgStartupOptions.TryParse(options, []));

    [Fact]
    public void Options_are_bounded_in_number()
    {
        Assert.True(PgStartupOptions.TryParse(string.Concat(Enumerable.Repeat("-c a=1 ", 64)), []));
        Assert.False(PgStartupOptions.TryParse(string.Concat(Enumerable.Repeat("-c a=1 ", 65)), []));
    }

    [Fact]
    public void Whatever_the_bytes_reading_does_not_throw_and_nothing_off_the_list_comes_out() =>
        Gen.Select(Gen.Int[0, 6].Select(i => Names[i]), Gen.Char[" -c=a\\rolegq\u00e9"].Array[0, 20]).Array[0, 4].Sample(pairs =>
        {
            string[] words = [.. pairs.SelectMany(p => new[] { p.Item1, new string(p.Item2) })];
            if (PgStartupParameters.TryRead(Body(StartupCode.Version30, words)) is not { } startup || startup.TryForTarget(out var parameters) is not null)
                return true;
            return parameters.TrueForAll(p => p.Key.Equals("geqo", StringComparison.OrdinalIgnoreCase));
        });

    [Fact]
    public void Random_bytes_do_not_throw() =>
        Gen.Byte.Array[0, 200].Sample(body => PgStartupParameters.TryRead(body)?.TryForTarget(out _));

    [Fact]
    public void Bytes_that_are_no_UTF8_do_not_make_two_names_of_one()
    {
        // Both would become the same replacement character: refused rather than guessed.
        byte[] body = [0, 3, 0, 0, 0xFF, 0, (byte)'a', 0, 0xFE, 0, (byte)'b', 0, 0];
        Assert.Null(PgStartupParameters.TryRead(body));
        Assert.Equal("\uFFFD", Encoding.UTF8.GetString([0xFF]));
    }
}
