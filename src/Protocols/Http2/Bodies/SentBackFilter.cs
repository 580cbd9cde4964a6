using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Looks whether a person sends back what was shown in the place of a masked value, and would so overwrite the value itself. Whatever is no JSON is not looked into. What a hash
/// was put in place of is not found: it has another hash.
/// </summary>
internal sealed class SentBackFilter(MaskedPaths paths) : IBodyFilter
{
    private readonly JsonMasker _json = new(paths, plan: null) { LooksOnly = true };
    private bool _isOther;

    public bool Changes => false;

    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal)
    {
        refusal = null;
        if (_isOther)
            return data;
        _json.Take(data, end, out HttpRefusal? fault);
        _isOther = fault is not null;
        if (_json.HasMasked)
            refusal = new HttpRefusal(422, "", "A field that is masked for you was sent back as it was shown, which would overwrite what is in it: leave the field out, or send only what you change.");
        return data;
    }
}
