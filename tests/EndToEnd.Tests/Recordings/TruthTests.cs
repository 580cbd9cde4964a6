using System.Text;
using System.Text.Json;
using Npgsql;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Masking;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Recordings;

/// <summary>A recording holds what happened, as the client saw it, and no secret.</summary>
[Collection(PostgresTests.Name)]
public sealed class TruthTests(MaskedDaemon fixture) : IClassFixture<MaskedDaemon>
{
    [Fact]
    public async Task Who_did_what_when_and_what_came_of_it()
    {
        PsqlResult result = await Psql.ScriptAsync(PsqlAs("storyteller"), """
            SELECT name, email, note FROM people WHERE id = 1;
            SELECT 1/0;
            COPY people TO STDOUT;
            BEGIN;
            UPDATE people SET name = name WHERE id < 4;
            ROLLBACK;
            """);
        Assert.Equal(0, result.ExitCode);
        Recorded recording = await Recorded.OfAsync(fixture.Daemon.Recordings, "storyteller");
        JsonElement[] lines = await ShowAsync(recording);

        JsonElement session = lines[0];
        Assert.Equal(("session", "ada@example.com", "shop", MaskedDaemon.Database), (Text(session, "type"), Text(session, "subject"), Text(session, "target"), Text(session, "resource")));
        Assert.Equal(("storyteller", "psql", "tls"), (Text(session, "clientUser"), Text(session, "clientApplication"), Text(session, "listener")));

        JsonElement[] statements = [.. lines.Where(line => Text(line, "type") == "statement")];
        Assert.Equal(
            ["SELECT name, email, note FROM people WHERE id = 1;", "SELECT 1/0;", "COPY people TO STDOUT;", "BEGIN;", "UPDATE people SET name = name WHERE id < 4;", "ROLLBACK;"],
            statements.Select(statement => Text(statement, "text")));
        Assert.Equal("""[["Person 1","z***@secret.example","[redacted]"]]""", statements[0].GetProperty("firstRows").GetRawText());
        Assert.Equal(("22012", "42501"), (Text(statements[1].GetProperty("error"), "sqlState"), Text(statements[2].GetProperty("error"), "sqlState")));
        Assert.Equal("UPDATE 3", statements[4].GetProperty("tags")[0].GetString());
        Assert.All(statements, statement => Assert.True(statement.GetProperty("durationMs").GetDouble() >= 0));

        Assert.Contains(recording.Events, happened => happened is { Name: "masked" } && happened.Detail == "public.people.email by email, public.people.note by redact");
        Assert.Contains(recording.Events, happened => happened is { Name: "refused", Detail: "masking/copy" });
        Assert.Equal("closed", Text(lines[^1].GetProperty("end"), "reason"));
        Assert.Equal("intact", Text(lines[^1].GetProperty("verified"), "outcome"));
        AssertNoSecret(recording);
    }

    [Fact]
    public async Task Parameters_are_recorded_decoded_whatever_format_they_came_in()
    {
        await using (var connection = new NpgsqlConnection(NpgsqlAs("parametrist").ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT $1::int, $2::text, $3::timestamptz, $4::numeric, $5::bool, $6::uuid, $7::bytea, $8::int[], $9::text", connection)
            {
                Parameters =
                {
                    new() { Value = -42 }, new() { Value = "Grüße" }, new() { Value = new DateTime(2026, 3, 14, 15, 9, 26, DateTimeKind.Utc) }, new() { Value = 12345.6789m },
                    new() { Value = true }, new() { Value = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e") }, new() { Value = new byte[] { 0xde, 0xad } },
                    new() { Value = new[] { 1, 2 } }, new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                },
            };
            await command.ExecuteNonQueryAsync();
        }

        Recorded recording = await Recorded.OfAsync(fixture.Daemon.Recordings, "parametrist");
        JsonElement statement = (await ShowAsync(recording)).Single(line => Text(line, "type") == "statement" && Text(line, "text")!.StartsWith("SELECT $1::int", StringComparison.Ordinal));
        string?[] values = [.. statement.GetProperty("parameters").EnumerateArray().Select(parameter => Text(parameter, "value"))];
        Assert.StartsWith("2026-03-14 15:09:26", values[2]);
        Assert.Equal("-42|Grüße|12345.6789|t|0f8fad5b-d9cb-469f-a165-70867728950e|\\xdead|\\x000000010000000000000017000000020000000100000004000000010000000400000002|NULL", string.Join('|', values.Where((_, i) => i != 2).Select(value => value ?? "NULL")));
        AssertNoSecret(recording);
    }

    [Fact]
    public async Task A_refusal_is_recorded_with_the_whole_attempt_and_its_rule()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(fixture.Postgres, DaemonSetup.With(Policies.GuardRails));
        string token = await daemon.TokenAsync("report-agent", "assistants", kind: "agent");
        await Psql.ScriptAsync(daemon.Psql(token, user: "refused"), "SELECT 1\\; DROP TABLE orders\\; DELETE FROM customers;\n");
        Assert.Equal(0, await daemon.StopAsync());

        Recorded recording = Assert.Single(Recorded.In(daemon.Recordings));
        Assert.Equal(("report-agent", IdentityKind.Agent), (recording.Facts!.Identity.Subject, recording.Facts.Identity.Kind));
        Assert.Equal(
            [(VerdictKind.Allow, "work/work", "SELECT 1"), (VerdictKind.Deny, "work/no-drop", "DROP TABLE orders"), (VerdictKind.Deny, "work/where-please", "DELETE FROM customers")],
            recording.Decisions.Where(decision => decision.Kind == ActionKind.Statement).Select(decision => (decision.Verdict, decision.RuleId, decision.Text.Trim())));
        (_, string list, _) = await SallyportDaemon.ReplayAsync("list", daemon.Recordings);
        Assert.Contains("report-agent", list);
        (_, string shown, _) = await SallyportDaemon.ReplayAsync("show", recording.File);
        Assert.Contains("REFUSED  drop orders by work/no-drop", shown);
    }

    [Theory]
    [InlineData("ALTER ROLE nobody_here PASSWORD 'hunter2-literal'")]
    [InlineData("CREATE USER nobody_here WITH ENCRYPTED PASSWORD $x$hunter2-literal$x$ LOGIN")]
    [InlineData("ALTER ROLE nobody_here PASSWORD E'hunter2-liter\\x61l'")]
    public async Task A_password_in_SQL_is_blanked(string sql)
    {
        string user = $"secretive-{sql.Length}";
        PsqlResult result = await Psql.ScriptAsync(PsqlAs(user), sql + ";\nSELECT 'not blanked';\n", "-At");

        Assert.Contains("nobody_here", result.Error + sql);
        Recorded recording = await Recorded.OfAsync(fixture.Daemon.Recordings, user);
        string bytes = Encoding.Latin1.GetString(recording.Bytes);
        Assert.DoesNotContain("hunter2", bytes);
        Assert.Contains("'not blanked'", bytes);
        Assert.Contains("nobody_here", bytes);
        Assert.Contains("****", bytes);
    }

    [Fact]
    public async Task Copied_data_is_recorded_and_counted()
    {
        PsqlResult result = await Psql.ScriptAsync(PsqlAs("copyist"), "BEGIN;\nCOPY log FROM STDIN;\none\ntwo\n\\.\nROLLBACK;\nCOPY clean TO STDOUT;\n", "-At");

        Assert.Contains("masking/copy", result.Error);
        JsonElement[] lines = await ShowAsync(await Recorded.OfAsync(fixture.Daemon.Recordings, "copyist"));
        JsonElement copied = lines.Single(line => Text(line, "type") == "statement" && Text(line, "text") == "COPY log FROM STDIN;");
        Assert.InRange(copied.GetProperty("copyInBytes").GetInt64(), "one\ntwo\n".Length, "one\ntwo\n\\.\n".Length);
        Assert.Equal("COPY 2", copied.GetProperty("tags")[0].GetString());
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private PsqlTarget PsqlAs(string user) => fixture.Daemon.Psql(fixture.Token, "shop/" + MaskedDaemon.Database, user);

    private NpgsqlConnectionStringBuilder NpgsqlAs(string user) => fixture.Daemon.Npgsql(fixture.Token, "shop/" + MaskedDaemon.Database, user);

    private void AssertNoSecret(Recorded recording)
    {
        Canary.AssertUnseen(recording.Bytes, "the recording");
        Canary.AssertUnseen(File.ReadAllBytes(recording.File), "the file");
        string text = Encoding.Latin1.GetString(recording.Bytes);
        Assert.DoesNotContain(PostgresServer.AppPassword, text);
        Assert.All(fixture.Token.Split('.'), part => Assert.DoesNotContain(part, text));
    }

    private static async Task<JsonElement[]> ShowAsync(Recorded recording)
    {
        (int code, string output, string error) = await SallyportDaemon.ReplayAsync("show", "--json", "--full", "--rows", "100", recording.File);
        Assert.True(code == 0, error);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
