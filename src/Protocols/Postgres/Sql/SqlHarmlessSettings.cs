namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Settings that change when a statement ends or what it tells on the way, and never what it does: drivers set them all the time.</summary>
internal static class SqlHarmlessSettings
{
    public static bool Contains(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("application_name"u8)
        || name.SequenceEqual("client_min_messages"u8)
        || name.SequenceEqual("extra_float_digits"u8)
        || name.SequenceEqual("statement_timeout"u8)
        || name.SequenceEqual("lock_timeout"u8)
        || name.SequenceEqual("idle_in_transaction_session_timeout"u8)
        || name.SequenceEqual("idle_session_timeout"u8)
        || name.SequenceEqual("transaction_timeout"u8);
}
