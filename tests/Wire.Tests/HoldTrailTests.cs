namespace Sallyport.Wire.Tests;

/// <summary>What ran earlier in a session may change what a held text means: it is part of what is approved, and shown.</summary>
public sealed class HoldTrailTests
{
    private const string Held = "truncate customers";

    [Theory]
    [Chunkings("set search_path = evil", true)]
    [Chunkings("reset all", true)]
    [Chunkings("set role boss", true)]
    [Chunkings("create temp table customers ()", true)]
    [Chunkings("select set_config('search_path', 'evil', false)", true)]
    [Chunkings("set datestyle = dmy", true)]
    [Chunkings("set application_name = 'x'; set statement_timeout = 5", false)]
    [Chunkings("select 1", false)]
    [Chunkings("insert into orders values (1)", false)]
    public async Task An_approval_does_not_cover_the_same_text_after(string before, bool differs, Chunking chunking)
    {
        HeldAction plain = await HeldAfterAsync(chunking, []);
        HeldAction after = await HeldAfterAsync(chunking, [before]);

        Assert.Equal(differs, !plain.Digest.Span.SequenceEqual(after.Digest.Span));
        Assert.Equal(differs, after.Effects.Any(effect => effect.Name.Contains("earlier in this session: " + before, StringComparison.Ordinal)));
        Assert.Equal(after.Digest.ToArray(), (await HeldAfterAsync(chunking, [before])).Digest.ToArray());
    }

    [Theory, Chunkings]
    public async Task The_order_counts(Chunking chunking)
    {
        HeldAction one = await HeldAfterAsync(chunking, ["set search_path = a", "set search_path = b"]);
        HeldAction other = await HeldAfterAsync(chunking, ["set search_path = b", "set search_path = a"]);

        Assert.NotEqual(one.Digest.ToArray(), other.Digest.ToArray());
    }

    [Theory, Chunkings]
    public async Task Many_are_counted_and_the_last_are_shown(Chunking chunking)
    {
        HeldAction held = await HeldAfterAsync(chunking, [.. Enumerable.Range(0, 20).Select(i => $"set search_path = s{i}")]);

        string[] earlier = [.. held.Effects.Select(effect => effect.Name).Where(name => name.StartsWith("earlier in this session", StringComparison.Ordinal))];
        Assert.Equal(9, earlier.Length);
        Assert.Contains("12 more", earlier[0], StringComparison.Ordinal);
        Assert.EndsWith("set search_path = s19", earlier[^1], StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task Secrets_in_it_are_not_shown(Chunking chunking)
    {
        HeldAction held = await HeldAfterAsync(chunking, ["create role bob password 'canary'"]);

        Assert.DoesNotContain(held.Effects, effect => effect.Name.Contains("canary", StringComparison.Ordinal));
    }

    private static async Task<HeldAction> HeldAfterAsync(Chunking chunking, string[] before)
    {
        await using Session session = HoldTests.Open(chunking, out Approver approver);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();
        foreach (string text in before)
        {
            await client.SendAsync(Query(text));
            await server.ExpectAsync(Query(text));
            await server.SendAsync(CommandComplete("SET"), ReadyForQuery('I'));
            await client.ExpectAsync(CommandComplete("SET"), ReadyForQuery('I'));
        }

        await client.SendAsync(Query(Held));
        Approver.Asked asked = await approver.NextAsync();
        HeldAction action = asked.Action;
        asked.Refuse();
        await HoldTests.ExpectNoticeAsync(client);
        await server.ExpectAsync(HoldTests.Substitute);
        await server.SendAsync(HoldTests.SyntaxError, ReadyForQuery('I'));
        await client.ExpectErrorAsync("42501");
        return action;
    }
}
