namespace Sallyport.Recording;

/// <summary>Where the bytes of one recording go. Used by one thread at a time.</summary>
internal interface IRecordingSink : IDisposable
{
    /// <summary>Writes all of <paramref name="bytes"/> after what was written before.</summary>
    /// <exception cref="IOException">They are not, or not all, written.</exception>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Returns when what was written is on the disk itself.</summary>
    /// <exception cref="IOException">It is not.</exception>
    void Flush();

    /// <summary>Cuts off everything after the first <paramref name="length"/> bytes.</summary>
    /// <exception cref="IOException">It is not cut.</exception>
    void Truncate(long length);

    /// <summary>Closes it and removes what was written: the session never began.</summary>
    /// <exception cref="IOException">It is not removed.</exception>
    void Discard();
}
