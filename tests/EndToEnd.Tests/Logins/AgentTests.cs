using System.Text.Json;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>A registered agent that acts for a person: what it may, and what is told of it.</summary>
[Collection(PostgresTests.Name)]
public sealed class AgentTests(LocalPeople people) : IClassFixture<LocalPeople>
{
    private const string Agent = "reporter";

    [Fact]
    public async Task An_agent_acts_for_a_person_under_its_own_policy_and_is_told_apart()
    {
        await using PersonsMachine ada = await people.LoggedInAsync();
        (int added, _, string problem) = await people.Daemon.AdminAsync("root@example.com", "administrators", "users", "groups", "add", LocalPeople.User, "readers");
        Assert.True(added == 0, problem);
        string secret = people.Secret(await ada.SaysAsync("agents", "register", Agent, "--owner", LocalPeople.User, "--purpose", "Reads reports", "--group", "readers"));
        string persons = people.Secret(await ada.SaysAsync("token"));

        Assert.Null(await ExchangeAsync(persons, "canary-of-another-secret"));
        Assert.Null(await ExchangeAsync(people.Secret(await ada.SaysAsync("token", "--admin")), secret));
        string token = people.Secret((await ExchangeAsync(persons, secret))!);

        await using PsqlSession psql = PsqlSession.Start(people.Daemon.Psql(token, user: Agent));
        Assert.DoesNotContain("ERROR:", await psql.AskAsync("SELECT count(*) FROM customers;"), StringComparison.Ordinal);
        Assert.Contains("ERROR:", await psql.AskAsync("SELECT count(*) FROM orders;"), StringComparison.Ordinal);
        string shown = await ada.SaysAsync("sessions", "list", "--json");
        Assert.Contains(Agent, shown, StringComparison.Ordinal);

        // Stopped, and what it does ends with it.
        await ada.SaysAsync("agents", "disable", Agent, "--reason", "the quarter is over");
        Recorded recorded = await Recorded.OfAsync(people.Daemon.Recordings, Agent);
        Assert.Equal((Agent, IdentityKind.Agent), (recorded.Facts!.Identity.Subject, recorded.Facts.Identity.Kind));
        Assert.Equal<string>([LocalPeople.User], recorded.Facts.Identity.ActingFor);
        Assert.Equal<string>(["readers"], recorded.Facts.Identity.Groups);
        Assert.Null(await ExchangeAsync(persons, secret));
        Assert.NotEqual(0, (await Psql.RunAsync(people.Daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode);

        (int code, string output, string error) = await SallyportDaemon.ReplayAsync("show", recorded.File, "--json");
        Assert.True(code == 0, error);
        Assert.Contains($"\"{Agent}\"", output, StringComparison.Ordinal);
        Assert.Contains($"\"{LocalPeople.User}\"", output, StringComparison.Ordinal);
    }

    /// <summary>RFC 8693: a token in the person's name; null: refused.</summary>
    private async Task<string?> ExchangeAsync(string personsToken, string secret)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var http = new HttpClient(handler);
        using HttpResponseMessage answer = await http.PostAsync(people.Daemon.BrokerUrl + "/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["client_id"] = Agent,
            ["client_secret"] = secret,
            ["subject_token"] = personsToken,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["scope"] = "sallyport",
        }));
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return answer.IsSuccessStatusCode ? json.RootElement.GetProperty("access_token").GetString() : null;
    }
}
