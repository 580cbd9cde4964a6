using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

/// <summary>An agent stops when the person who answers for it goes, also one that holds a token for a year.</summary>
public sealed class AdversaryOrphanedAgentTests
{
    [Fact]
    public async Task The_API_token_of_an_agent_is_no_longer_good_when_its_owner_was_disabled()
    {
        await using LoginRig rig = await LoginRig.OpenAsync();
        await rig.AddUserAsync("pat", ["staff"]);
        await rig.AddAgentAsync("robot", ["staff"]);
        NewApiToken token = await rig.ApiTokens.CreateAsync("robot", "ci", TimeSpan.FromDays(300), ["target:*"], [], null, rig.KeepAsync, default);
        Assert.NotNull((await rig.LoginAsync(token.Token)).Identity);

        await rig.ChangeAsync("pat", db => db.Users.Single(u => u.Subject == "pat").Disabled = true);
        await rig.Identities.GroupsChangedAsync("robot", default);
        Assert.Equal(Refusals.Disabled, (await rig.LoginAsync(token.Token)).Refusal);
        Assert.Equal(Refusals.Disabled, (await rig.LoginAsync(rig.BrokerToken("robot", ["staff"], """{"kind":"agent"}"""))).Refusal);
    }
}
