using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Masks the log of a pod as it is read, followed or not: a line that holds no finding leaves as it came, one that could become one when more is known.</summary>
internal sealed class LogPlan(IStreamMask mask) : IExchangePlan, IBodyFilter
{
    private static readonly HttpRefusal Encoded = new(502, "", "The target's answer is encoded, so it cannot be masked.");

    private byte[] _masked = [];
    private bool _isEncoded;

    public IBodyFilter? RequestBody => null;

    public bool Changes => true;

    public void OnRequest(HttpHead head)
    {
        var all = new HttpHead(head.Size, head.Count);
        all.TryCopyFrom(head);
        head.Clear();
        for (int i = 0; i < all.Count; i++)
        {
            if (!all[i].Name.SequenceEqual("accept-encoding"u8) && !all[i].Name.SequenceEqual("range"u8))
                head.TryAdd(all[i].Name, all[i].Value, all[i].NeverIndexed);
        }

        head.TryAdd("accept-encoding"u8, "identity"u8);
    }

    public IBodyFilter? OnResponse(HttpHead head)
    {
        ReadOnlySpan<byte> encoding = head.Value("content-encoding"u8);
        _isEncoded = !encoding.IsEmpty && !Ascii.EqualsIgnoreCase(encoding, "identity"u8);
        return this;
    }

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = _isEncoded ? Encoded : null;
        if (_isEncoded)
            return default;
        int most = mask.MaxLength(data.Length);
        if (_masked.Length < most)
            _masked = new byte[most];
        return _masked.AsSpan(0, mask.Mask(data, _masked, flush: end));
    }

    public void OnEnd()
    {
        // Nothing is kept.
    }
}
