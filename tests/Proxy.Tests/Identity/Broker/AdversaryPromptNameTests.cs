using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>What stands before an @ is nobody's name when somebody else may be meant by it.</summary>
public sealed class AdversaryPromptNameTests
{
    [Theory]
    [InlineData("alice", "alice@evil.example", false)]
    [InlineData("bob", "bob@evil.example", false)]
    [InlineData("carol", "carol@evil.example", true)]
    [InlineData("bob@corp.example", "bob@evil.example", false)]
    [InlineData("bob@evil.example", "bob@evil.example", true)]
    public async Task Somebody_with_the_same_local_part_does_not_answer(string claimed, string email, bool taken)
    {
        await using BrokerRig rig = await BrokerRig.StartAsync();
        await rig.State.Store.WriteAsync((db, _) =>
        {
            db.Users.Add(User(rig, "alice", null));
            db.Users.Add(User(rig, "corp:17", "Bob@corp.example"));
            db.Users.Add(User(rig, "evil:1", email));
            return Task.FromResult(0);
        }, default);
        LoginPrompt prompt = (await rig.Server.Prompts.OpenAsync(new LoginAttempt(claimed, new IPEndPoint(IPAddress.Loopback, 1), "psql", "shop"), default))!;
        var person = new Person(Guid.NewGuid(), "evil:1", null, email, "evil", []);
        var login = new BrowserLogin(Guid.CreateVersion7(), "evil:1", rig.Time.Now, null, "evil", rig.Time.Now + TimeSpan.FromHours(1));
        Assert.Equal(taken, await rig.Server.Prompts.AnswerAsync(prompt.Code, person, login, yes: true, default));
    }

    private static UserRow User(BrokerRig rig, string subject, string? email) => new() { Id = Guid.NewGuid(), Subject = subject, Email = email, CreatedAt = rig.Time.Now };
}
