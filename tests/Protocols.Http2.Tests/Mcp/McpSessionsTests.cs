using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Mcp;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Mcp;

/// <summary>Sessions of MCP servers belong to identities (GHSA-953h-535j-jg2v).</summary>
public sealed class McpSessionsTests
{
    private static readonly Identity Ada = Who("ada");

    [Fact]
    public void A_session_is_used_by_whom_it_was_given_to_and_by_nobody_else()
    {
        var sessions = new McpSessions();
        sessions.Begin("tools", Ada, "s1"u8);
        sessions.Begin("tools", Who("bob"), "s1"u8);
        Assert.True(sessions.Has("tools", Ada, "s1"u8));
        Assert.True(sessions.Has("tools", Ada with { ExpiresAt = DateTimeOffset.MaxValue, Groups = ["more"] }, "s1"u8));
        Assert.False(sessions.Has("tools", Who("bob"), "s1"u8));
        Assert.False(sessions.Has("tools", Ada with { Issuer = "https://other.example" }, "s1"u8));
        Assert.False(sessions.Has("tools", Ada with { ActingFor = ["bob"] }, "s1"u8));
        Assert.False(sessions.Has("other", Ada, "s1"u8));
        Assert.False(sessions.Has("tools", Ada, "s2"u8));
        Assert.False(sessions.Has("tools", Ada, ""u8));
    }

    [Fact]
    public void Names_that_end_where_others_begin_are_not_the_same()
    {
        var sessions = new McpSessions();
        sessions.Begin("tools", Ada with { ActingFor = ["a", "b"] }, "s1"u8);
        Assert.False(sessions.Has("tools", Ada with { ActingFor = ["ab"] }, "s1"u8));
    }

    [Fact]
    public void Who_begins_many_loses_the_own_oldest()
    {
        var sessions = new McpSessions(most: 100, mostOfOne: 3);
        sessions.Begin("tools", Who("bob"), "b"u8);
        foreach (string id in (string[])["1", "2", "3"])
            sessions.Begin("tools", Ada, Encoding.ASCII.GetBytes(id));
        Assert.True(sessions.Has("tools", Ada, "1"u8));
        sessions.Begin("tools", Ada, "4"u8);
        Assert.Equal([true, false, true, true], [.. ((string[])["1", "2", "3", "4"]).Select(id => sessions.Has("tools", Ada, Encoding.ASCII.GetBytes(id)))]);
        Assert.True(sessions.Has("tools", Who("bob"), "b"u8));
    }

    [Fact]
    public void When_all_is_full_whoever_has_most_loses_one()
    {
        var sessions = new McpSessions(most: 4, mostOfOne: 3);
        foreach (string id in (string[])["1", "2", "3"])
            sessions.Begin("tools", Ada, Encoding.ASCII.GetBytes(id));
        sessions.Begin("tools", Who("bob"), "b"u8);
        sessions.Begin("tools", Who("eve"), "e"u8);
        Assert.Equal(4, sessions.Count);
        Assert.False(sessions.Has("tools", Ada, "1"u8));
        Assert.True(sessions.Has("tools", Who("bob"), "b"u8));
        Assert.True(sessions.Has("tools", Who("eve"), "e"u8));
    }

    private static Identity Who(string subject) => new() { Subject = subject, Issuer = "https://sallyport.example", ExpiresAt = DateTimeOffset.UnixEpoch };
}
