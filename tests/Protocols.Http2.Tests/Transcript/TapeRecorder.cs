using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Tests.Transcript;

/// <summary>Keeps what a tape records, in the order of the recording.</summary>
internal sealed class TapeRecorder : ISessionRecorder
{
    public List<(Direction Direction, byte[] Bytes)> Records { get; } = [];

    public bool Keeps { get; init; } = true;

    /// <summary>Everything, as text.</summary>
    public string Text => string.Concat(Records.Select(record => Encoding.Latin1.GetString(record.Bytes)));

    public static HttpHead Head(params (string Name, string Value)[] fields)
    {
        var head = new HttpHead(128 << 10, 320);
        foreach ((string name, string value) in fields)
            head.TryAdd(Encoding.UTF8.GetBytes(name.TrimStart('!')), Encoding.UTF8.GetBytes(value), neverIndexed: name.StartsWith('!'));
        return head;
    }

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        if (Keeps)
            Records.Add((direction, bytes.ToArray()));
        return true;
    }

    public bool Decision(in ActionView action, in Verdict verdict) => true;

    public bool Event(string name, string detail) => true;

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;
}
