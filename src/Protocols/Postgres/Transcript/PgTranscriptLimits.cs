namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>Every bound of the transcript, with its reason. Beyond a bound a value is cut and says so; nothing is held without one.</summary>
public sealed record PgTranscriptLimits
{
    /// <summary>Kept of a statement's text, bytes.</summary>
    public int TextBytes { get; init; } = 64 << 10;

    /// <summary>Kept of one parameter, bytes.</summary>
    public int ParameterBytes { get; init; } = 64 << 10;

    /// <summary>Parameters kept of one Bind; PostgreSQL itself allows 65535.</summary>
    public int Parameters { get; init; } = 1000;

    /// <summary>Rows kept of one result; 0: they are only counted.</summary>
    public int Rows { get; init; }

    /// <summary>Kept of one field of a kept row, bytes.</summary>
    public int FieldBytes { get; init; } = 1 << 10;

    /// <summary>Kept of one Bind's parameters, or one row's fields, together, bytes.</summary>
    public int ValuesBytes { get; init; } = 1 << 20;

    /// <summary>Texts and parameters kept at a time in all (prepared, bound or awaiting a reply), bytes. Past it new ones are not kept.</summary>
    public int RetainedBytes { get; init; } = 32 << 20;

    /// <summary>Prepared statements, and portals, followed at a time. Past it new ones are not.</summary>
    public int NamedObjects { get; init; } = 16_384;

    /// <summary>Requests that await a reply; past it the client's direction is given up.</summary>
    public int RequestsInFlight { get; init; } = 65_536;

    /// <summary>Kept of the server's descriptions, errors and notices, bytes. 1664 columns with 63-byte names are 135 KB.</summary>
    public int ServerMessageBytes { get; init; } = 256 << 10;
}
