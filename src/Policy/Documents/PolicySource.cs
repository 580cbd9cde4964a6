namespace Sallyport.Policy.Documents;

/// <summary>One file of policy documents, read into memory.</summary>
/// <param name="Name">Its name, for messages and the digest.</param>
/// <param name="Content">Its bytes, UTF-8.</param>
public sealed record PolicySource(string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>What the digest takes for its name. No file's has a slash, so what the store keeps is never mistaken for a file.</summary>
    internal string DigestName { get; init; } = Path.GetFileName(Name);
}
