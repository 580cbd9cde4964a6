using System.Buffers;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>What the two directions of a tunnel share: both are read one at a time.</summary>
internal sealed class TunnelState
{
    /// <summary>It was ended here: nothing passes any more.</summary>
    public bool IsOver { get; set; }
}

/// <summary>One direction of a tunnel whose frames are read, and written anew.</summary>
internal abstract class TunnelFilter(TunnelState state, TunnelRecord record) : ITunnelFilter
{
    private readonly ArrayBufferWriter<byte> _on = new(1024);
    private readonly ArrayBufferWriter<byte> _back = new(256);

    public bool Changes => true;

    public ReadOnlySpan<byte> Answer => _back.WrittenSpan;

    public bool MustWait { get; private set; }

    public bool IsOver => state.IsOver;

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        _on.ResetWrittenCount();
        _back.ResetWrittenCount();
        if (state.IsOver)
            return default;
        if (TryRead(data, _on, _back) is { } violation)
        {
            state.IsOver = true;
            record.Violation(violation);
        }
        else if (end)
        {
            End(_on);
        }

        MustWait = record.TakeMustWait();
        return _on.WrittenSpan;
    }

    /// <summary>Reads bytes, and writes what goes on and what goes back. When they are not legal, both sides are told there.</summary>
    /// <returns>What was not legal, in fixed words; null: nothing.</returns>
    protected abstract string? TryRead(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> on, ArrayBufferWriter<byte> back);

    /// <summary>Nothing follows: what was held back goes now.</summary>
    protected abstract void End(ArrayBufferWriter<byte> on);
}
