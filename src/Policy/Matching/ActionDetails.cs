using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>The details of an action: pairs of an attribute and a value, an attribute as often as it has values.</summary>
internal readonly ref struct ActionDetails(ReadOnlySpan<ObjectRef> details, ReadOnlySpan<byte> names)
{
    private readonly ReadOnlySpan<ObjectRef> _details = details;
    private readonly ReadOnlySpan<byte> _names = names;

    public int Count => _details.Length;

    /// <summary>What it is about, such as <c>dry-run</c> or <c>field:spec.replicas</c>.</summary>
    public ReadOnlySpan<byte> Attribute(int index) => _details[index].Qualifier(_names);

    public ReadOnlySpan<byte> Value(int index) => _details[index].Name(_names);
}
