using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>A connection of our own to a target, for constant queries on its catalog. Nothing a client sent is ever part of one.</summary>
internal sealed class PgSideConnection(PgTargetConnection connection, PgLimits limits) : IAsyncDisposable
{
    /// <summary>Runs one query of which no column can be NULL, and hands out its rows as text.</summary>
    /// <exception cref="IOException">It failed, or gave more than <paramref name="maxRows"/> rows.</exception>
    public async Task QueryAsync(string sql, int columns, int maxRows, Action<string[]> onRow, CancellationToken cancel)
    {
        using var writer = new PgWriter();
        writer.Begin(FrontendMessage.Query).CString(sql).End();
        await connection.Duplex.SendAsync(writer, cancel).ConfigureAwait(false);

        int rows = 0;
        string? error = null;
        while (true)
        {
            PgRawMessage message = await PgHandshakeIo.ReadAsync(connection.Duplex.Input, limits.TargetMessageBytes, cancel).ConfigureAwait(false)
                ?? throw new PgProtocolException("the target closed the catalog connection");
            switch (message.Type)
            {
                case BackendMessage.DataRow:
                    if (++rows > maxRows)
                        throw new PgProtocolException($"the catalog has more than {maxRows} entries of one kind");
                    Hand(ReadRow(message.Body), columns, onRow);
                    break;
                case BackendMessage.ErrorResponse:
                    error = Encoding.UTF8.GetString(PgErrorFields.Find(message.Body, (byte)'M'));
                    break;
                case BackendMessage.ReadyForQuery:
                    if (error is not null)
                        throw new PgProtocolException($"the catalog query failed: {error}");
                    return;
            }
        }
    }

    public ValueTask DisposeAsync() => connection.Duplex.DisposeAsync();

    /// <summary>The target may answer with anything: a row that is not what was asked for ends the connection, not the daemon.</summary>
    private static void Hand(string?[] row, int columns, Action<string[]> onRow)
    {
        if (row.Length != columns || Array.Exists(row, value => value is null))
            throw new PgProtocolException("the catalog answered with a row of another shape");
        try
        {
            onRow(row!);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new PgProtocolException("the catalog answered with a number that is none");
        }
    }

    private static string?[] ReadRow(byte[] body)
    {
        var reader = new Wire.SpanReader(body);
        var row = new string?[(ushort)reader.ReadInt16()];
        for (int i = 0; i < row.Length; i++)
        {
            int length = reader.ReadInt32();
            row[i] = length < 0 ? null : Encoding.UTF8.GetString(reader.ReadBytes(length));
        }

        return reader.AtEnd ? row : throw new PgProtocolException("malformed DataRow");
    }
}
