namespace Sallyport.Protocols.Http2.Kubernetes.TarManifest;

/// <summary>One file of an archive that has passed.</summary>
/// <param name="Path">As the archive names it.</param>
/// <param name="Size">As its header says.</param>
/// <param name="Seen">Bytes of it that passed; fewer than its size: the stream ended before.</param>
/// <param name="Sha256">In hex; null of what was not seen whole.</param>
/// <param name="Began">When its header came, in ticks of the clock that the reader was given.</param>
internal sealed record TarFile(string Path, long Size, long Seen, string? Sha256, long Began);
