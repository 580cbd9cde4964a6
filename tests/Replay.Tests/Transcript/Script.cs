using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Tests.Transcript;

/// <summary>A conversation written by hand, message by message, one second apart, and played at three chunkings.</summary>
internal sealed class Script
{
    private readonly List<(Direction Direction, byte[] Bytes)> _messages = [];

    public static DateTimeOffset Start { get; } = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    public IReadOnlyList<(Direction Direction, byte[] Bytes)> Messages => _messages;

    public static TheoryData<string> Chunkings => ["whole", "one byte", "random"];

    // The client's messages.
    public Script Query(string text) => Client('Q', [.. Text(text)]);

    public Script Parse(string name, string text, params uint[] types) =>
        Client('P', [.. Text(name), .. Text(text), .. Int16(types.Length), .. types.SelectMany(type => Int32((int)type))]);

    public Script Bind(string portal, string statement, int[] formats, byte[]?[] values, params int[] resultFormats) =>
        Client('B',
        [
            .. Text(portal), .. Text(statement),
            .. Int16(formats.Length), .. formats.SelectMany(Int16),
            .. Values(values),
            .. Int16(resultFormats.Length), .. resultFormats.SelectMany(Int16),
        ]);

    public Script DescribeStatement(string name) => Client('D', [(byte)'S', .. Text(name)]);

    public Script DescribePortal(string name) => Client('D', [(byte)'P', .. Text(name)]);

    public Script Execute(string portal, int rows = 0) => Client('E', [.. Text(portal), .. Int32(rows)]);

    public Script CloseStatement(string name) => Client('C', [(byte)'S', .. Text(name)]);

    public Script Sync() => Client('S', []);

    public Script FunctionCall(int oid) => Client('F', [.. Int32(oid), .. Int16(0), .. Int16(0), .. Int16(0)]);

    public Script CopyIn(int bytes) => Client('d', new byte[bytes]);

    public Script CopyInDone() => Client('c', []);

    public Script Client(char type, byte[] body) => Add(Direction.FromClient, Message(type, body));

    // The server's.
    public Script Server(char type, params byte[] body) => Add(Direction.ToClient, Message(type, body));

    public Script ParseComplete() => Server('1');

    public Script BindComplete() => Server('2');

    public Script NoData() => Server('n');

    public Script Ready(char status = 'I') => Server('Z', (byte)status);

    public Script Complete(string tag) => Server('C', [.. Text(tag)]);

    public Script Columns(params (string Name, uint Type, int Format)[] columns) => Server('T',
    [
        .. Int16(columns.Length),
        .. columns.SelectMany(column => (byte[])[.. Text(column.Name), .. Int32(0), .. Int16(0), .. Int32((int)column.Type), .. Int16(0), .. Int32(-1), .. Int16(column.Format)]),
    ]);

    public Script ParameterTypes(params uint[] types) => Server('t', [.. Int16(types.Length), .. types.SelectMany(type => Int32((int)type))]);

    public Script Row(params byte[]?[] values) => Server('D', [.. Values(values)]);

    public Script Error(string code, string message, string? hint = null) => Server('E',
        [(byte)'S', .. Text("ERROR"), (byte)'C', .. Text(code), (byte)'M', .. Text(message), .. hint is null ? [] : (byte[])[(byte)'H', .. Text(hint)], 0]);

    public Script Add(Direction direction, byte[] bytes)
    {
        _messages.Add((direction, bytes));
        return this;
    }

    public List<PgTranscriptEntry> Play(string chunking, PgTranscriptLimits? limits = null, bool end = true)
    {
        var transcript = new PgTranscript(limits);
        var entries = new List<PgTranscriptEntry>();
        var random = new Random(17);
        DateTimeOffset time = Start;
        foreach ((Direction direction, byte[] bytes) in _messages)
        {
            for (int at = 0; at < bytes.Length;)
            {
                int size = chunking switch { "whole" => bytes.Length, "one byte" => 1, _ => random.Next(1, 9) };
                size = Math.Min(size, bytes.Length - at);
                transcript.Feed(direction, bytes.AsSpan(at, size), time);
                at += size;
                while (transcript.TryTake(out PgTranscriptEntry? entry))
                    entries.Add(entry!);
            }

            time += TimeSpan.FromSeconds(1);
        }

        if (end)
            transcript.End(time);
        while (transcript.TryTake(out PgTranscriptEntry? entry))
            entries.Add(entry!);
        return entries;
    }

    public static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Int16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, (short)value);
        return bytes;
    }

    public static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Int64(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Message(char type, byte[] body) => [(byte)type, .. Int32(body.Length + 4), .. body];

    private static byte[] Values(byte[]?[] values) =>
        [.. Int16(values.Length), .. values.SelectMany(value => value is null ? Int32(-1) : [.. Int32(value.Length), .. value])];
}
