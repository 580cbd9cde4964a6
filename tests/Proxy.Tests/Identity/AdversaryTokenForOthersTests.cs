using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

/// <summary>An administrator is one person: four eyes are not to be had by making a token in somebody else's name.</summary>
public sealed class AdversaryTokenForOthersTests
{
    [Fact]
    public async Task Nobody_makes_a_token_by_which_they_would_be_another_person_at_the_admin_API()
    {
        await using LoginRig rig = await LoginRig.OpenAsync();
        await rig.AddUserAsync("bob", ["approvers"]);
        await rig.AddUserAsync("pat", ["staff"]);
        await rig.AddAgentAsync("robot", ["staff"]);
        var ann = new AuditActor("ann", LoginRig.Broker, []);

        await Assert.ThrowsAsync<ArgumentException>(() => MakeAsync("bob", ann, "target:shop", "admin:policy-author"));
        await MakeAsync("bob", ann, "target:shop");
        await MakeAsync("robot", ann, "admin:viewer");
        await MakeAsync("bob", new AuditActor("bob", LoginRig.Broker, []), "admin:viewer");

        Task MakeAsync(string subject, AuditActor actor, params string[] scopes) =>
            rig.ApiTokens.CreateAsync(subject, "t", TimeSpan.FromHours(1), scopes, [], actor, rig.KeepAsync, default);
    }
}
