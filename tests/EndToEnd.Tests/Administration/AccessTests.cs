using System.Text.Json;
using Sallyport.EndToEnd.Tests.Logins;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>A group for a time: asked for, given, used, given back.</summary>
[Collection(PostgresTests.Name)]
public sealed class AccessTests(ManagedDaemon fixture) : IClassFixture<ManagedDaemon>
{
    private SallyportDaemon Daemon => fixture.Daemon;

    [Fact]
    public async Task What_was_given_for_a_time_can_be_used_and_ends_when_it_is_given_back()
    {
        await fixture.Postgres.SqlAsync($"CREATE TABLE lent (id int PRIMARY KEY); GRANT ALL ON lent TO {PostgresServer.AppUser}; INSERT INTO lent VALUES (1), (2)");
        Person admin = await fixture.PersonAsync("root@example.com", "administrators"), bea = await fixture.PersonAsync("bea@example.com", "approvers");
        string invitation = (await admin.AskAsync("users", "invite", "lea", "--group", "engineering")).GetProperty("invitation").GetString()!;
        await using PersonsMachine machine = await PersonsMachine.NewAsync(Daemon);
        string password = fixture.Secret("canary lends and gives back");
        await machine.AcceptAsync(invitation, password);
        await machine.LoginAsync(() => machine.SignInAsync("lea", password));
        string token = fixture.Secret(await machine.SaysAsync("token"));
        Person lea = Person.With(Daemon, fixture.Secret(await machine.SaysAsync("token", "--admin")));
        await using PsqlSession psql = PsqlSession.Start(Daemon.Psql(token));
        Assert.Contains("Rule default.", await psql.AskAsync("DELETE FROM lent WHERE id = 1;"), StringComparison.Ordinal);

        await lea.RefusedAsync("access", "request", "--group", "root", "--target", "shop", "--for", "30m", "--reason", "to try");
        string id = (await lea.AskAsync("access", "request", "--group", "shop-admins", "--target", "shop", "--for", "30m", "--reason", "ticket 9")).GetProperty("id").GetString()!;
        Assert.Contains("Rule default.", await psql.AskAsync("DELETE FROM lent WHERE id = 1;"), StringComparison.Ordinal);
        await lea.RefusedAsync("approvals", "approve", id);
        await bea.DoAsync("approvals", "approve", id, "--reason", "go ahead");

        await WaitFor.TrueAsync(async () => (await psql.AskAsync("DELETE FROM lent WHERE id = 1 RETURNING 'deleted';")).Contains("deleted", StringComparison.Ordinal));
        Assert.Equal(1L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM lent"));
        string grant = Assert.Single(await lea.ListAsync("access", "list")).GetProperty("id").GetString()!;

        await lea.DoAsync("access", "end", grant);

        await WaitFor.TrueAsync(async () => (await psql.AskAsync("DELETE FROM lent WHERE false;")).Contains("Rule default.", StringComparison.Ordinal));
        Assert.Contains("still in", await psql.AskAsync("SELECT 'still in';"), StringComparison.Ordinal);
        Assert.Equal(1L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM lent"));
        Person auditor = await fixture.PersonAsync("eve@example.com", "auditors");
        await auditor.AuditedAsync("access.*", "lea", "ticket 9");
        await auditor.AuditedAsync("approval.decided", "bea@example.com");
        fixture.AssertNothingSpilled();
    }
}
