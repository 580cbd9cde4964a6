namespace Sallyport.Wire.Tests;

/// <summary>Statements that are let through: what one side sends, the other gets, byte for byte.</summary>
public sealed class QueryTests
{
    private static readonly byte[] OneColumn = RowDescription(new Column("?column?", Type: FakeCatalog.Int4));

    [Theory, Chunkings]
    public async Task SimpleQuery_passes_both_ways(Chunking chunking)
    {
        await using var session = new Session(chunking);
        (ClientPeer client, ServerPeer server) = await session.ReadyAsync();

        await client.SendAsync(Query("select 1"));
        await server.ExpectAsync(Query("select 1"));
        await server.SendAsync(OneColumn, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'));
        await client.ExpectAsync(OneColumn, DataRow("1"), CommandComplete("SELECT 1"), ReadyForQuery('I'));

        await client.SendAsync(Terminate);
        await server.ExpectAsync(Terminate);
        await session.ExpectEndAsync(SessionSide.Client, SessionStage.Ready, "closed");
    }
}
