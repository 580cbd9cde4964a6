using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>Every node hears that the agents of somebody who was disabled are to be looked at again.</summary>
public sealed class AdversaryOwnerTests
{
    [Fact]
    public async Task Disabling_a_person_tells_of_their_agents()
    {
        await using BrokerRig rig = await BrokerRig.StartAsync();
        await rig.AddUserAsync("pat", "staff");
        await rig.Server.Agents.RegisterAsync(new AgentRegistration("robot", IdentityKind.Agent, "pat", "deploys", ["staff"], TimeSpan.FromMinutes(5), null), null, default);
        rig.Bus.Events.Clear();

        await rig.Server.Users.SetDisabledAsync("pat", true, null, default);

        string[] told = [.. rig.Bus.Events.Where(e => e.Kind == ClusterEvents.IdentityChanged).Select(e => JsonDocument.Parse(e.Payload).RootElement.GetProperty("subject").GetString()!)];
        Assert.Contains("pat", told);
        Assert.Contains("robot", told);
    }
}
