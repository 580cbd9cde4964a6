using static Sallyport.Wire.Tests.HoldTests;

namespace Sallyport.Wire.Tests;

/// <summary>What several rules hold needs the yes of all of them: whoever is asked must be told of each.</summary>
public sealed class AdversaryHoldingRulesTests
{
    private const string Two = Policies.Open + """

          - {id: ask-delete, effect: hold, verbs: [delete]}
          - {id: ask-pii, effect: hold, verbs: [delete], objects: [public.people, people]}
          - {id: ask-pay, effect: hold, verbs: [delete], objects: [public.pay, pay]}
        """;

    [Theory, Chunkings]
    public async Task Every_rule_that_holds_a_query_is_told(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Two);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("delete from people"));
        Approver.Asked asked = await approver.NextAsync();
        Assert.Equal(["open/ask-delete", "open/ask-pii"], asked.Action.Rules.Order());
        asked.Refuse();
        await server.ExpectAsync(Substitute);
    }

    [Theory, Chunkings]
    public async Task Statements_of_one_text_that_share_a_rule_do_not_hide_each_others(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Two);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Query("delete from people; delete from pay"));
        Approver.Asked asked = await approver.NextAsync();
        Assert.Equal(["open/ask-delete", "open/ask-pay", "open/ask-pii"], asked.Action.Rules.Order());
        asked.Refuse();
        await server.ExpectAsync(Substitute);
    }

    [Theory, Chunkings]
    public async Task Every_rule_that_holds_an_Execute_is_told(Chunking chunking)
    {
        await using Session session = Open(chunking, out Approver approver, Two);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        await client.SendAsync(Parse("", "delete from pay"), Bind("", "", 0), Execute(""), Sync);
        await server.ExpectAsync(Parse("", "delete from pay"), Bind("", "", 0), Flush);
        await server.SendAsync(ParseComplete, BindComplete);
        Approver.Asked asked = await approver.NextAsync();
        Assert.Equal(["open/ask-delete", "open/ask-pay"], asked.Action.Rules.Order());
        asked.Approve();
        await server.ExpectAsync(Execute(""), Sync);
    }
}
