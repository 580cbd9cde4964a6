using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Fuzz.Targets;

/// <summary>Statement texts, under every combination of the settings that change how they are lexed. The scanner never throws, and never says what cannot be.</summary>
internal sealed class SqlScannerTarget : ITarget
{
    private static readonly SqlSettings[] Settings =
    [
        .. from strings in Enum.GetValues<TriState>()
           from ascii in (bool[])[true, false]
           select new SqlSettings(strings, ascii),
    ];

    private readonly SqlScanner _scanner = new();

    public string Name => "SqlScanner";

    // What it keeps grows to the longest text seen, and is bounded by its limits.
    public long MaxAllocation(int inputLength) => (4L << 20) + (512L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        foreach (SqlSettings settings in Settings)
        {
            _scanner.Scan(input, settings);
            int end = 0;
            for (int i = 0; i < _scanner.Count; i++)
                end = Statement(i, end, input.Length);
            OracleException.Require(_scanner.Count > 0 || IsBlank(input), "a text with words and no statement");
        }
    }

    /// <returns>Where the statement ends.</returns>
    private int Statement(int index, int from, int textLength)
    {
        ref readonly SqlStatement statement = ref _scanner[index];
        int end = statement.Start + statement.Length;
        OracleException.Require(statement.Start >= from && statement.Length >= 0 && end <= textLength, "statements out of order or outside the text");
        OracleException.Require(
            (statement.Flags & ActionFlags.MultiStatement) != 0 == _scanner.Count > 1, "several statements, and one that does not say so");
        OracleException.Require(statement.Verb != Verb.Unknown || statement.IsUnparsed, "understood without a verb");

        Names(_scanner.Objects(index));
        Names(_scanner.Functions(index));
        foreach (SqlRange secret in _scanner.Secrets(index))
            OracleException.Require(secret.Start >= statement.Start && secret.Length >= 0 && secret.Start + secret.Length <= end, "a secret outside its statement");
        return end;
    }

    private void Names(ReadOnlySpan<ObjectRef> objects)
    {
        foreach (ObjectRef o in objects)
        {
            OracleException.Require(o.Start >= 0 && o.Length >= 0 && o.Start + o.Length <= _scanner.Names.Length, "a name outside the names");
            OracleException.Require(o.QualifierLength == 0 || o.QualifierLength < o.Length, "a qualifier that leaves no name");
            OracleException.Require(o.Length == 0 || o.Name(_scanner.Names).Length > 0, "an object with an empty name");
        }
    }

    /// <summary>Nothing but what PostgreSQL skips anyway (white space, semicolons) or what may be a comment.</summary>
    private static bool IsBlank(ReadOnlySpan<byte> text) =>
        text.IndexOfAnyExcept(" \t\r\n\v\f;"u8) < 0 || text.Contains((byte)'-') || text.Contains((byte)'/');
}
