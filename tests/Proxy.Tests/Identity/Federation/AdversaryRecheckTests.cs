using System.Security.Cryptography;
using System.Text;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Identity.Broker;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Federation;

/// <summary>Asking providers again goes on, whatever one person's turn brings.</summary>
public sealed class AdversaryRecheckTests
{
    [Fact]
    public async Task A_refresh_token_that_cannot_be_opened_does_not_end_the_asking_for_all()
    {
        await using ScriptedProvider provider = await ScriptedProvider.StartAsync();
        await using BrokerRig rig = await BrokerRig.StartAsync();
        using var logs = new Logs();
        using var http = new ProviderHttp();
        var settings = new OidcSettings { Name = "corp", Issuer = provider.Issuer, ClientId = ScriptedProvider.ClientId, Recheck = TimeSpan.FromMinutes(1) };
        using var oidc = new OidcProvider(settings, http, new PendingLogins(new OneTimeStore(rig.State.Store, rig.State.Sealer, rig.Time), rig.Time), TimeProvider.System, logs.Log);
        var doors = new FederationDoors
        {
            Config = rig.Config,
            Store = rig.State.Store,
            Sealer = rig.State.Sealer,
            Desk = rig.Server.Desk,
            Sessions = rig.Server.Sessions,
            Audit = rig.Audit,
            Time = rig.Time,
            Log = logs.Log,
        };
        UserRow broken = User(rig, "corp:broken", "broken", TimeSpan.FromHours(2));
        broken.ProviderRefreshToken = [0xE1, 0, 0, 0, 99, .. RandomNumberGenerator.GetBytes(40)];
        UserRow alice = User(rig, "corp:alice-at-corp", "alice-at-corp", TimeSpan.FromHours(1));
        alice.ProviderRefreshToken = rig.State.Sealer.Seal(SealPurposes.UserProviderRefreshToken(alice.Id), Encoding.UTF8.GetBytes("refresh-0"));
        await rig.State.Store.WriteAsync((db, _) =>
        {
            db.Users.AddRange(broken, alice);
            db.LoginSessions.AddRange(Login(rig, broken.Subject), Login(rig, alice.Subject));
            return Task.FromResult(0);
        }, default);

        await using var rechecks = new Rechecks([new OidcLogin(oidc, "Corp", doors)], doors);
        rechecks.Start();
        await Eventually.TrueAsync(() => Task.FromResult(provider.Posted.Any(form => form["refresh_token"] == "refresh-0")));
    }

    private static UserRow User(BrokerRig rig, string subject, string providerSubject, TimeSpan ago) => new()
    {
        Id = Guid.NewGuid(),
        Subject = subject,
        Provider = "corp",
        ProviderSubject = providerSubject,
        ProviderCheckedAt = rig.Time.Now - ago,
        CreatedAt = rig.Time.Now,
    };

    private static LoginSessionRow Login(BrokerRig rig, string subject) => new()
    {
        Id = Guid.NewGuid(),
        Subject = subject,
        SecretHash = new byte[32],
        Provider = "corp",
        AuthenticatedAt = rig.Time.Now,
        ExpiresAt = rig.Time.Now + TimeSpan.FromHours(8),
    };
}
