namespace Sallyport.Policy.Documents;

/// <summary>One file of policy documents, read into memory.</summary>
/// <param name="Name">Its name, for messages and the digest.</param>
/// <param name="Content">Its bytes, UTF-8.</param>
public sealed record PolicySource(string Name, ReadOnlyMemory<byte> Content);
