namespace Sallyport.Fuzz;

/// <summary>A parser of hostile bytes, with what must hold whatever it is given.</summary>
internal interface ITarget
{
    /// <summary>Its name on the command line and in fuzz/corpus.</summary>
    string Name { get; }

    /// <summary>Most bytes one run may allocate on its thread; what is read must not decide how much memory is taken.</summary>
    long MaxAllocation(int inputLength);

    /// <summary>Parses <paramref name="input"/>. Throws what the parser throws, and <see cref="OracleException"/> when it got something wrong.</summary>
    void Run(ReadOnlySpan<byte> input);
}

/// <summary>A parser did not throw, but what it said cannot be true.</summary>
internal sealed class OracleException(string message) : Exception(message)
{
    /// <summary>Throws unless <paramref name="holds"/>.</summary>
    public static void Require(bool holds, string message)
    {
        if (!holds)
            throw new OracleException(message);
    }
}
