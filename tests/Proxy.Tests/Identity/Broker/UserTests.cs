using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Identity.Local;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class UserTests : IAsyncLifetime
{
    private static readonly AuditActor Root = new("root", "operating-system", []);

    private BrokerRig _rig = null!;

    public async Task InitializeAsync() => _rig = await BrokerRig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task The_first_administrator_is_made_once()
    {
        string invitation = await FirstAsync("Root", again: false);
        await Assert.ThrowsAsync<UserRefusedException>(() => FirstAsync("other", again: false));
        await Assert.ThrowsAsync<UserRefusedException>(() => FirstAsync("root", again: false));

        // The address was lost: there is another, and the first is void.
        string second = await FirstAsync("root", again: true);
        using Browser browser = _rig.NewBrowser();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(new Uri(invitation).PathAndQuery)).Status);
        Page form = await browser.GetAsync(new Uri(second).PathAndQuery);
        _rig.Check(await browser.SubmitAsync(form, ("password", BrokerRig.Password), ("again", BrokerRig.Password)));
        Assert.Equal([LocalUsers.Administrators], (await _rig.Server.Users.ListAsync("", 10, CancellationToken.None)).Single().Groups);

        // Whoever has a password is not reset by it.
        await Assert.ThrowsAsync<UserRefusedException>(() => FirstAsync("root", again: true));
        Assert.NotEmpty(await FirstAsync("second", again: true));
        Assert.All(_rig.Audit.Events.Where(told => told.Actor == Root), told => Assert.Equal(AuditTypes.UserInvited, told.Type));
    }

    [Fact]
    public async Task Users_are_listed_in_parts()
    {
        foreach (string name in (string[])["carol", "alice", "bob"])
            await _rig.InviteAsync(name, "g");
        List<UserView> first = await _rig.Server.Users.ListAsync("", 2, CancellationToken.None);
        Assert.Equal(["alice", "bob"], first.Select(user => user.Subject));
        Assert.Equal(["carol"], (await _rig.Server.Users.ListAsync("bob", 2, CancellationToken.None)).Select(user => user.Subject));
        await Assert.ThrowsAsync<UserRefusedException>(() => _rig.Server.Users.SetGroupAsync("nobody", "g", true, null, CancellationToken.None));
        await Assert.ThrowsAsync<UserRefusedException>(() => _rig.Server.Users.SetGroupAsync("alice", "a\nb", true, null, CancellationToken.None));
        await Assert.ThrowsAsync<UserRefusedException>(() => _rig.Server.Users.SetDisabledAsync("nobody", true, null, CancellationToken.None));
    }

    [Fact]
    public async Task Rows_whose_time_is_over_are_taken_away()
    {
        await _rig.AddUserAsync("alice");
        using Browser alice = await _rig.SignedInAsync("alice");
        await _rig.TokensAsync(alice);
        int before = await TokensAsync();
        _rig.Time.Now += TimeSpan.FromDays(3);
        await _rig.Server.Upkeep.RunOnceAsync(prune: true, CancellationToken.None);

        // The code that was used. Whether the others have expired, OpenIddict asks the machine's clock, which is years behind the test's.
        Assert.Equal(before - 1, await TokensAsync());
        Assert.Equal(0, await _rig.State.Store.ReadAsync((state, token) => state.LoginSessions.CountAsync(token), CancellationToken.None));
    }

    private Task<int> TokensAsync() =>
        _rig.State.Store.ReadAsync((state, token) => state.Set<OpenIddict.EntityFrameworkCore.Models.OpenIddictEntityFrameworkCoreToken>().CountAsync(token), CancellationToken.None);

    private Task<string> FirstAsync(string name, bool again) =>
        FirstAdministrator.InviteAsync(_rig.State.Store, _rig.Audit, _rig.Config, name, again, Root, _rig.Time, CancellationToken.None);
}
