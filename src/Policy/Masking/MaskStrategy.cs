using Sallyport.Contract;

namespace Sallyport.Policy.Masking;

/// <summary>The strategies, weakest first: where several masks match one column, the strongest is used.</summary>
internal enum MaskStrategy
{
    Email,
    Last4,
    Hash,
    Redact,
    Null,
}

/// <summary>The one instance of each strategy that a set of policies uses.</summary>
internal sealed class MaskStrategies
{
    private readonly HashMask? _hash;

    /// <param name="key">The key of <c>hash</c>; null: there is none, and documents that use it are refused.</param>
    public MaskStrategies(byte[]? key) => _hash = key is null ? null : new HashMask(key);

    /// <summary>The words of policy documents.</summary>
    public static IReadOnlyDictionary<string, MaskStrategy> Words { get; } = new Dictionary<string, MaskStrategy>(StringComparer.Ordinal)
    {
        ["redact"] = MaskStrategy.Redact,
        ["last4"] = MaskStrategy.Last4,
        ["email"] = MaskStrategy.Email,
        ["hash"] = MaskStrategy.Hash,
        ["null"] = MaskStrategy.Null,
    };

    /// <summary>The mask that values without an origin get.</summary>
    public static IFieldMask Computed => RedactMask.Instance;

    /// <summary>The mask of a strategy; null when it cannot be used.</summary>
    public IFieldMask? Of(MaskStrategy strategy) => strategy switch
    {
        MaskStrategy.Email => EmailMask.Instance,
        MaskStrategy.Last4 => Last4Mask.Instance,
        MaskStrategy.Hash => _hash,
        MaskStrategy.Redact => RedactMask.Instance,
        _ => NullMask.Instance,
    };
}
