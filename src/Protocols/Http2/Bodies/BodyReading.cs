namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>How well a body was understood.</summary>
internal enum BodyReading
{
    /// <summary>All of it.</summary>
    Whole = 0,

    /// <summary>It has more fields than are looked at.</summary>
    Truncated,

    /// <summary>It could be read in another way, or in none.</summary>
    Unparsed,
}
