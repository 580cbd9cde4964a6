using Npgsql;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>Real clients and each way to log in, and a statement that waits: what they print, and that they go on.</summary>
[Collection(PostgresTests.Name)]
public sealed class LoginMethodTests(PostgresServer postgres)
{
    private const string Policy = """
        policy: work
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
          - {id: ask-first, effect: hold, verbs: [delete]}
        """;

    private static readonly string OAuth = $"dbname=shop user=ada+oauth sslmode=disable oauth_client_id=psql oauth_issuer={EngineAlone.Discovery}";

    [Fact]
    public async Task libpq_logs_in_with_a_token_by_OAUTHBEARER()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        LibpqResult result = await LibpqOAuth.QueryAsync($"host=127.0.0.1 port={engine.Port} {OAuth}", EngineAlone.Token, "select 6 * 7");
        Assert.Equal(("42", ""), (result.Value, result.Error));
        Assert.Equal((1, EngineAlone.Discovery), (result.TokensAsked, result.DiscoveryUrl));
    }

    [Fact]
    public async Task libpq_that_knows_the_issuer_only_finds_out_where_and_comes_again()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        string issuer = OAuth.Replace("/.well-known/openid-configuration", "", StringComparison.Ordinal);
        LibpqResult result = await LibpqOAuth.QueryAsync($"host=127.0.0.1 port={engine.Port} {issuer}", EngineAlone.Token, "select 6 * 7");
        Assert.Equal(("42", ""), (result.Value, result.Error));
        Assert.Equal(EngineAlone.Discovery, result.DiscoveryUrl);
        Assert.Contains("token-missing", engine.Ends);
    }

    [Fact]
    public async Task libpq_with_a_bad_token_is_refused()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        LibpqResult result = await LibpqOAuth.QueryAsync($"host=127.0.0.1 port={engine.Port} {OAuth}", "not-a-token", "select 1");
        Assert.Null(result.Value);
        Assert.Contains("login refused", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task psql_shows_where_to_log_in_and_goes_on()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        await PromptedAsync(engine, engine.Psql("ada+browser", ""));
    }

    [Fact]
    public async Task psql_with_libpq_18_shows_it_too()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        await PromptedAsync(engine, engine.Psql("ada+browser", "") with { Environment = new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = LibpqOAuth.Folder() } });
    }

    [Fact]
    public async Task psql_that_gives_up_takes_the_prompt_with_it()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        await using ChildProcess psql = Psql.Start(engine.Psql("ada+browser", ""), "-Atc", "select 1");
        await psql.WaitForOutputAsync("WXYZ-1234");
        psql.Signal(UnixSignal.Int);
        Assert.NotEqual(0, await psql.WaitForExitAsync());
    }

    [Fact]
    public async Task psql_logs_in_with_an_issued_password_bound_to_the_channel()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.At("ca.crt"), engine.CertificatePem);
        PsqlTarget target = engine.Psql(EngineAlone.IssuedUser, EngineAlone.IssuedPassword, "verify-full") with
        {
            RootCertificate = folder.At("ca.crt"),
            Environment = new Dictionary<string, string> { ["PGCHANNELBINDING"] = "require" },
        };
        PsqlResult result = await Psql.RunAsync(target, "", "-Atc", "select 6 * 7");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("42", result.Output.Trim());
        result = await Psql.RunAsync(target with { Password = "another" }, "", "-Atc", "select 1");
        Assert.Contains("login refused", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Npgsql_logs_in_with_an_issued_password()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        foreach (SslMode mode in new[] { SslMode.Disable, SslMode.Require })
        {
            var settings = new NpgsqlConnectionStringBuilder
            {
                Host = "localhost",
                Port = engine.Port,
                Database = "shop",
                Username = EngineAlone.IssuedUser,
                Password = EngineAlone.IssuedPassword,
                SslMode = mode,
                Pooling = false,
            };
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("select 6 * 7", connection);
            Assert.Equal(42, await command.ExecuteScalarAsync());
        }
    }

    [Fact]
    public async Task psql_is_told_that_its_statement_waits_and_goes_on_when_it_is_approved()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        await using ChildProcess psql = Psql.Start(engine.Psql("ada", EngineAlone.Token), "-At", "-c", "delete from orders where id = -1 returning id", "-c", "select 6 * 7");
        await psql.WaitForOutputAsync("waiting for approval apr-7 (rule work/ask-first)");
        (HeldAction action, TaskCompletionSource<HoldOutcome> answer) = await engine.Asked.Task;
        Assert.Equal("delete from orders where id = -1 returning id", action.Text);
        answer.SetResult(new HoldOutcome(true, "apr-7", "approved", "approved by bob"));
        Assert.Equal(0, await psql.WaitForExitAsync());
        Assert.Contains("42", psql.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_in_psql_takes_a_waiting_statement_back()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        await using ChildProcess psql = Psql.Start(engine.Psql("ada", EngineAlone.Token), "-At", "-c", "delete from orders");
        await psql.WaitForOutputAsync("waiting for approval apr-7");
        psql.Signal(UnixSignal.Int);
        Assert.NotEqual(0, await psql.WaitForExitAsync());
        Assert.Contains("canceling statement due to user request", psql.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Npgsql_waits_with_its_parameters_and_is_told()
    {
        await using var engine = new EngineAlone(postgres, Policy);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = "localhost",
            Port = engine.Port,
            Database = "shop",
            Username = "ada",
            Password = EngineAlone.Token,
            SslMode = SslMode.Disable,
            Pooling = false,
            IncludeErrorDetail = true,
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Notice += (_, e) => told.TrySetResult(e.Notice.MessageText);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("delete from orders where id = $1", connection) { Parameters = { new() { Value = -7 } } };
        Task<int> running = command.ExecuteNonQueryAsync();
        (HeldAction action, TaskCompletionSource<HoldOutcome> answer) = await engine.Asked.Task;
        Assert.Equal([new HeldParameter("int4", "-7")], action.Parameters);
        Assert.StartsWith("waiting for approval", await told.Task, StringComparison.Ordinal);
        answer.SetResult(new HoldOutcome(false, "apr-7", "denied", "denied by bob: ask the owner"));
        PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => running);
        Assert.Equal(("42501", "Rule work/ask-first. Approval apr-7."), (refused.SqlState, refused.Detail));
        command.CommandText = "select 6 * 7";
        command.Parameters.Clear();
        Assert.Equal(42, await command.ExecuteScalarAsync());
    }

    private static async Task PromptedAsync(EngineAlone engine, PsqlTarget target)
    {
        await using ChildProcess psql = Psql.Start(target, "-Atc", "select 6 * 7");
        await psql.WaitForOutputAsync("WXYZ-1234");
        await psql.WaitForOutputAsync("https://login.example.com/device");
        await psql.WaitForOutputAsync("Open the address in a browser");
        Assert.Equal("", psql.Output);
        engine.Person.SetResult(new LoginResult(EngineAlone.Ada, null));
        Assert.Equal(0, await psql.WaitForExitAsync());
        Assert.Equal("42", psql.Output.Trim());
    }
}
