using System.CommandLine;

namespace Sallyport.Compare.Comparisons;

/// <summary>One comparison: a name on the command line, the peers it starts, the load it puts on them, the rows it reports.</summary>
internal interface IComparison
{
    /// <summary>The word after `eng/bench`.</summary>
    string Name { get; }

    /// <summary>One line for the list.</summary>
    string Description { get; }

    /// <summary>The command with its options and its action.</summary>
    Command Command();
}
